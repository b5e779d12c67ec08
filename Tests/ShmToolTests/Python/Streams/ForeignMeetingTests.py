import fcntl
import mmap
import os
import socket
import struct
import subprocess
import time

from foreign_end import End, Receiver
from streams import F, feed, SOCKET
from support import N, run, start, T, until


def test_busy():
    reader, writer = os.pipe()
    sender = start("send", N, stdin=reader)
    mine = Receiver()
    def late():
        peer = End()
        peer.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        peer.socket.connect(SOCKET)
        return peer
    for round in range(50):
        peer = late()
        if round % 2:
            time.sleep(0.02)
        peer.say(1)
        time.sleep(0.01 * (round % 3))
        assert peer.hear()[0] == 7 and peer.hear()[0] is None, round
    # Silent connections delay no other, and their number is bounded.
    silent = [late() for _ in range(100)]
    time.sleep(0.2)
    assert len(os.listdir(f"/proc/{sender.pid}/fd")) < 100
    os.write(writer, b"x")
    os.close(writer)
    assert mine.receive() == (b"x", True) and sender.wait(20) == 0


def test_silent():
    sender = start("send", N, stdin=feed(b"x"))
    first = End()
    first.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    until(lambda: not first.socket.connect_ex(SOCKET))
    first.say(1)
    assert first.hear()[0] == 2
    assert run("recv", N).returncode == 75
    first.socket.settimeout(15)
    kind, numbers, _ = first.hear()
    assert kind == 6 and first.hear()[0] is None
    assert run("recv", N, "--timeout", "10s").stdout == b"x" and sender.wait(20) == 0


def test_rings():
    size = 8192 + 65536
    def memory(seals=7, flags=os.MFD_ALLOW_SEALING):
        file = os.memfd_create("ring", flags)
        os.ftruncate(file, size)
        struct.pack_into("<8sIIQ", mmap.mmap(file, size), 0, b"shmring1", 1, 1, 65536)
        fcntl.fcntl(file, 1033, seals)
        return file
    def reopened(flags):
        return os.open(f"/proc/self/fd/{memory()}", flags)
    O_PATH = 0o10000000
    def plain():
        with open(F, "wb") as file:
            file.truncate(size)
        return os.open(F, os.O_RDWR)
    event = lambda: os.eventfd(0)
    closed = os.open(f"/proc/self/fd/{event()}", O_PATH)
    cases = [(memory, event(), event()), (lambda: reopened(O_PATH), event(), event()),
             (lambda: reopened(os.O_RDONLY), event(), event()), (lambda: memory(15), event(), event()),
             (lambda: memory(7 | 16), event(), event()), (plain, event(), event()), (os.pipe, event(), event()),
             (memory, closed, event()), (memory, event(), closed)]
    for place, (make, mine, theirs) in enumerate(cases):
        os.makedirs(os.path.dirname(SOCKET), 0o700, exist_ok=True)
        server = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        server.bind(SOCKET)
        server.listen()
        receiver = start("recv", N)
        peer = End()
        heard = None
        while heard is None:
            peer.socket, _ = server.accept()
            heard = peer.hear()[0]
        file = make()
        file = file[0] if type(file) is tuple else file
        peer.say(2, 7, 65536, 8192, 0, (1 << 64) - 1, 0, files=[file, mine, theirs])
        if place == 0:
            assert peer.hear()[0] == 3
            peer.socket.close()
        code = receiver.wait(20)
        message = receiver.stderr.read()
        assert code == (69 if place == 0 else 65), (place, code, message)
        server.close()
        os.unlink(SOCKET)


def test_shortages():
    codes = {"ENOMEM": 79, "ENOBUFS": 71, "EMFILE": 71, "EACCES": 77, "EPERM": 77, "ENOSYS": 71}
    for end, calls in (("recv", ("socket", "connect", "recvmsg", "getsockopt", "sendmsg")),
                       ("send", ("accept4", "recvmsg", "getsockopt", "sendmsg"))):
        for call in calls:
            for error in ("ENOMEM", "ENOBUFS", "EMFILE", "EPERM", "ENOSYS"):
                if (call, error) == ("recvmsg", "EMFILE") and end == "send":
                    continue
                traced = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"inject={call}:error={error}", T]
                other = "send" if end == "recv" else "recv"
                peer = start(other, N, "-q", "--timeout", "5s", stdin=feed(b"x"))
                if end == "recv":
                    until(lambda: os.path.exists(SOCKET))
                result = subprocess.run([*traced, end, N, "--timeout", "5s"], input=b"x", capture_output=True,
                                        timeout=30)
                peer.kill()
                peer.wait()
                assert result.returncode == codes[error], (end, call, error, result)
                assert b"died" not in result.stderr and b"defect" not in result.stderr, (end, call, error, result)


def test_not_notified():
    sender = start("send", N, stdin=feed(b"whole"))
    result = subprocess.run(["strace", "-qq", "-o", "/dev/null", "-e", "inject=sendmsg:error=ENOMEM:when=3+", T,
                             "recv", N, "--output", F], capture_output=True, timeout=30)
    assert result.returncode == 79 and open(F, "rb").read() == b"whole", result
    assert f"'{F}' is complete".encode() in result.stderr, result
    assert sender.wait(20) == 69
