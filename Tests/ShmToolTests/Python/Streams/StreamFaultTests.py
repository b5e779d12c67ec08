import fcntl
import json
import os
import re
import signal
import socket
import subprocess
import time

from streams import exactly, F, feed, Reader, SOCKET
from support import freeze, N, run, start, stop, T, until


def test_killed():
    import random
    seed = random.randrange(1 << 32)
    choose = random.Random(seed)
    data = bytes(range(256)) * 8192
    open(F, "wb").write(data)
    whole = 0
    for round in range(int(os.environ.get("KILLS", 500))):
        # Where one is killed before they met, the other waits in vain.
        receiver = start("recv", N, "-q", "--timeout", "200ms")
        sender = start("send", N, F, "-q", "--capacity", "64K", "--timeout", "200ms")
        reading = Reader(receiver)
        time.sleep(choose.random() * 0.04)
        victim, other, name = [(sender, receiver, "recv"), (receiver, sender, "send")][round % 2]
        victim.kill()
        begin = time.monotonic()
        code = other.wait(30)
        assert code == 124 or time.monotonic() - begin < 5, (seed, round)
        reading.join(30)
        assert data.startswith(reading.out), (seed, round, len(reading.out))
        if victim.wait() == 0:
            assert code == 0, (seed, round, name, code)
        if code == 0 and name == "recv":
            assert reading.out == data, (seed, round)
            whole += 1
        if code != 0 and victim.returncode == -9:
            assert code in (69, 124), (seed, round, name, code)
        for pipe in (sender.stdin, sender.stdout, sender.stderr, receiver.stdin, receiver.stdout, receiver.stderr):
            if pipe:
                pipe.close()


def test_timeouts():
    for words in (["send", N, "--timeout", "100ms"], ["recv", N, "--timeout", "100ms"]):
        result = run(*words, input=b"x")
        assert result.returncode == 124 and b"in 100 ms" in result.stderr, result
    reader, writer = os.pipe()
    sender = start("send", N, "--stall-timeout", "200ms", stdin=reader)
    receiver = start("recv", N)
    assert (sender.wait(30), receiver.wait(30)) == (124, 76)
    # One that is stopped is waited for: slow is not dead.
    sender, receiver = start("send", N, "/dev/zero"), start("recv", N, "-q")
    exactly(receiver.stdout, 1000)
    freeze(receiver.pid)
    time.sleep(0.5)
    assert sender.poll() is None
    receiver.send_signal(signal.SIGCONT)
    exactly(receiver.stdout, 9_000_000)
    assert stop(sender)[0] == -15
    receiver.stdout.close()
    assert receiver.wait(30) in (76, 74), receiver.returncode


def test_busy():
    reader, writer = os.pipe()
    sender = start("send", N, stdin=reader)
    until(lambda: os.path.exists(SOCKET))
    second = run("send", N, input=b"x")
    assert second.returncode == 75 and b"another sender uses the stream" in second.stderr, second
    receiver = start("recv", N)
    os.write(writer, b"x")
    assert receiver.stdout.read(1) == b"x"
    third = run("recv", N)
    assert third.returncode == 75 and b"already has all its receivers" in third.stderr, third
    os.close(writer)
    assert (sender.wait(30), receiver.wait(30)) == (0, 0)


def test_stale():
    sender = start("send", N, "/dev/null")
    until(lambda: os.path.exists(SOCKET))
    def listed():
        rows = json.loads(run("list", "--kind", "stream", "--json").stdout)["regions"]
        return [row for row in rows if row["name"] == N]
    row, = listed()
    assert (row["used"], [user["pid"] for user in row["users"]]) == (True, [sender.pid]), row
    assert (row["kind"], row["size"]) == ("stream", None), row
    result = run("remove", N)
    assert result.returncode == 75 and str(sender.pid).encode() in result.stderr, result
    sender.kill()
    sender.wait()
    assert os.path.exists(SOCKET)
    row, = listed()
    assert (row["used"], row["users"]) == (False, []), row
    assert run("remove", N).returncode == 0
    assert not os.path.exists(SOCKET) and not listed()
    assert run("remove", N).returncode == 66
    sender = start("send", N, "/dev/null")
    until(lambda: os.path.exists(SOCKET))
    sender.kill()
    sender.wait()
    receiver = start("recv", N)
    sender = start("send", N, stdin=feed(b"again"))
    assert receiver.communicate(timeout=30)[0] == b"again"
    assert (receiver.returncode, sender.wait(30)) == (0, 0)
    os.makedirs(os.path.dirname(SOCKET), 0o700, exist_ok=True)
    open(SOCKET, "wb").write(b"a file")
    result = run("send", N, input=b"x")
    assert result.returncode == 73 and open(SOCKET, "rb").read() == b"a file", result
    os.unlink(SOCKET)


def test_outputs():
    for sink in ("/dev/full", "head"):
        sender = start("send", N, "/dev/zero")
        if sink == "head":
            script = f'"$SHMTOOL" recv {N} | head -c 1 | wc -c; echo ${{PIPESTATUS[0]}}'
            result = subprocess.run(["bash", "-c", script], capture_output=True, timeout=60)
            assert result.stdout == b"1\n74\n", result
        else:
            with open(sink, "wb") as full:
                result = subprocess.run([T, "recv", N], stdout=full, stderr=subprocess.PIPE,
                                        timeout=60)
            assert result.returncode == 74, result
        assert sender.wait(30) == 76, sink
    result = subprocess.run(["bash", "-c", f'exec "$SHMTOOL" recv {N} --timeout 5s >&-'],
                            capture_output=True, timeout=60)
    assert result.returncode in (74, 124), result


def test_signals(number):
    number = int(number)
    for which in (0, 1):
        pair = [start("send", N, "/dev/zero", "-q"), start("recv", N, "-q")]
        assert pair[1].stdout.read(1) == b"\0"
        reading = Reader(pair[1])
        pair[which].send_signal(number)
        assert pair[which].wait(30) == -number
        assert pair[1 - which].wait(30) == 76, pair[1 - which].stderr.read()
        reading.join(30)
    waiting = start("recv", N)
    time.sleep(0.1)
    assert stop(waiting, number)[0] == -number
    assert not os.path.exists(SOCKET)


def test_places():
    os.mkdir(F + ".d", 0o755)
    os.chmod(F + ".d", 0o755)
    os.symlink(F + ".d", F + ".l")
    try:
        for place in (F + ".d", F + ".l", "/dev/null"):
            for command in ("send", "recv"):
                result = run(command, N, "--timeout", "10s", input=b"x",
                             env={**os.environ, "SHMTOOL_DIR": place})
                assert result.returncode == 77 and place.encode() in result.stderr, (place, result)
        # No socket can be created there, so no sender can ever connect.
        for command in ("send", "recv"):
            result = run(command, N, "--timeout", "10s", input=b"x",
                         env={**os.environ, "SHMTOOL_DIR": F + ".none/of/it"})
            assert result.returncode == 66 and re.search(b"directory .* does not exist", result.stderr), result
    finally:
        os.unlink(F + ".l")
        os.rmdir(F + ".d")
    for name in ("", "a/b", "..", "x" * 120):
        for command in ("send", "recv"):
            assert run(command, name, input=b"").returncode == 64, name


def test_hostile():
    import array, struct
    def packet(kind, *values):
        return struct.pack("<4sHH6Q", b"SHMS", kind, 1, *values, *[0] * (6 - len(values))) + bytes(200)
    def listen():
        os.makedirs(os.path.dirname(SOCKET), 0o700, exist_ok=True)
        server = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        server.bind(SOCKET)
        server.listen()
        return server
    def memory(size, seals=True):
        file = os.memfd_create("ring", os.MFD_ALLOW_SEALING)
        os.ftruncate(file, size)
        if seals:
            fcntl.fcntl(file, 1033, 0x1 | 0x2 | 0x4)
        return file
    def send(peer, data, *files):
        peer.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", files))]
                     if files else [])
    event = os.eventfd(0)
    size = 8192 + 65536
    hello = lambda *values: packet(2, *values)
    good = (7, 65536, 8192, 0, (1 << 64) - 1, 0)
    cases = [
        (b"nonsense", ()), (packet(9), ()), (packet(4, 1, 2), ()), (packet(2, *good)[:100], ()),
        (hello(*good), ()), (hello(*good), (memory(size), event)),
        (hello(*good), (memory(size, False), event, event)),
        (hello(*good), (memory(size), event, event)),
        (hello(7, 65536, 8192, 99, 0, 0), (memory(size), event, event)),
        (hello(7, 1 << 63, 8192, 0, 0, 0), (memory(size), event, event)),
        (hello(7, 65535, 8192, 0, 0, 0), (memory(size), event, event)),
        (hello(7, 131072, 8192, 0, 0, 0), (memory(size), event, event)),
        (hello(*good), (event, event, event)),
    ]
    for data, files in cases:
        server = listen()
        receiver = start("recv", N)
        told = b""
        # A list of another process may probe the socket: it connects, sends nothing, and closes.
        while not told:
            peer, _ = server.accept()
            told = peer.recv(1000)
        assert told[:5] == b"SHMS\1"
        send(peer, data, *files)
        assert receiver.wait(30) in (65, 71), (data[:60], receiver.stderr.read())
        peer.close()
        server.close()
        os.unlink(SOCKET)
    # A receiver that joins and then goes, or talks nonsense, leaves its place to a good one.
    sender = start("send", N, stdin=feed(b"good"))
    # The name exists for a moment before the process listens.
    def listens():
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as peer:
                return peer.connect(SOCKET) is None
        except OSError:
            return False
    until(listens)
    for words in ([], [b"nonsense"], [packet(1), packet(1)], [packet(1), packet(3, 99)], [packet(5)]):
        peer = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        peer.connect(SOCKET)
        for word in words:
            peer.send(word)
        peer.close()
    # A silent connection delays no other, before or after.
    silent = [socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) for _ in range(80)]
    for peer in silent:
        peer.connect(SOCKET)
    receiver = start("recv", N)
    assert receiver.communicate(timeout=30)[0] == b"good"
    assert (receiver.returncode, sender.wait(30)) == (0, 0)
