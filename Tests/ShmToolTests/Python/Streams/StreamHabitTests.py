import atexit
import os
import shutil
import signal
import socket
import subprocess
import threading
import time

from streams import exactly, F, feed, Reader
from support import freeze, N, run, start, T, until


def test_messages():
    record = bytes(range(250)) * 4
    def pieces(kind):
        if kind == "pipe":
            reader, writer = os.pipe2(os.O_DIRECT)
            return reader, (lambda data: os.write(writer, data)), (lambda: os.close(writer))
        one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        return one.detach(), other.send, other.close
    for kind in ("pipe", "socket"):
        reader, put, end = pieces(kind)
        sender = start("send", N, "--capacity", "64K", "--checksum", stdin=reader)
        receiver = start("recv", N)
        def work():
            for _ in range(1000):
                put(record)
            end()
        threading.Thread(target=work, daemon=True).start()
        got = b""
        while piece := receiver.stdout.read(4096):
            got += piece
            time.sleep(0.0005)
        assert (receiver.wait(30), sender.wait(30)) == (0, 0)
        assert got == record * 1000, (kind, len(got))
        os.close(reader)
    reader, put, end = pieces("socket")
    sender, receiver = start("send", N, "--capacity", "64K", stdin=reader), start("recv", N)
    put(b"x" * 100_000)
    assert (sender.wait(30), receiver.wait(30)) == (74, 76)
    assert b"a message of 100000 bytes" in sender.stderr.read()


def test_shared_input():
    reader, writer = os.pipe()
    names = [N, N + "-2"]
    receivers = [start("recv", name) for name in names]
    senders = [start("send", name, "--stall-timeout", "1s", stdin=reader) for name in names]
    for _ in range(300):
        os.write(writer, b"x")
        time.sleep(0.001)
    begin = time.monotonic()
    assert [sender.wait(10) for sender in senders] == [124, 124]
    assert time.monotonic() - begin < 4
    assert sum(len(receiver.communicate(timeout=10)[0]) for receiver in receivers) == 300


def test_terminals():
    import pty, tty
    leader, follower = pty.openpty()
    tty.setraw(follower)
    receiver = subprocess.Popen([T, "recv", N, "-q", "--force"], stdout=leader)
    sender = start("send", N, "-q", stdin=feed(b"hello"))
    assert (receiver.wait(15), sender.wait(15)) == (0, 0)
    assert os.read(follower, 100) == b"hello"
    # With the leading end's other end full, time is kept.
    receiver = subprocess.Popen([T, "recv", N, "-q", "--force", "--stall-timeout", "1s"], stdout=leader)
    sender = start("send", N, "-q", "/dev/zero")
    assert (receiver.wait(15), sender.wait(15)) == (124, 76)
    if os.geteuid() == 0:
        leader, follower = pty.openpty()
        tty.setraw(follower)
        os.fchmod(follower, 0o600)
        nobody = ["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups"]
        place = F + ".d"
        os.mkdir(place, 0o700)
        os.chown(place, 65534, 65534)
        atexit.register(lambda: os.rmdir(place))
        ends = {**os.environ, "SHMTOOL_DIR": place}
        receiver = subprocess.Popen([*nobody, T, "recv", N, "-q", "--force", "--stall-timeout", "1s"],
                                    stdout=follower, env=ends)
        sender = subprocess.Popen([*nobody, T, "send", N, "-q", "/dev/zero"], env=ends)
        assert (receiver.wait(15), sender.wait(15)) == (124, 76)


def test_proved_first():
    receiver = start("recv", N, "--expect-bytes", "100", "--", "sh", "-c", f"cat > {F}.part && mv {F}.part {F}")
    sender = start("send", N, stdin=feed(b"hello"))
    assert (receiver.wait(15), sender.wait(15)) == (65, 76)
    time.sleep(0.1)
    assert not os.path.exists(F)
    if os.path.exists(F + ".part"):
        os.unlink(F + ".part")


def test_stalls():
    # Slower than a quarter of the ring in the time. If this script gets no processor for so long, that is
    # a stall, and proves nothing.
    sender, ended, longest = None, True, 1
    while ended:
        assert longest > 0.5, (longest, sender and sender.stderr.read())
        receiver = start("recv", N, "-q")
        sender = start("send", N, "-q", "--stall-timeout", "600ms", "/dev/zero")
        exactly(receiver.stdout, 20_000)
        begin = last = time.monotonic()
        longest = 0
        while last - begin < 3 and sender.poll() is None:
            time.sleep(0.1)
            receiver.stdout.read(20_000)
            longest, last = max(longest, time.monotonic() - last), time.monotonic()
        ended = sender.poll() is not None
        sender.terminate()
        Reader(receiver)
        sender.wait(15), receiver.wait(15)
    # Stopped for longer than the time limit, with bytes available when it continues.
    reader, writer = os.pipe()
    sender, receiver = start("send", N, stdin=reader), start("recv", N, "--stall-timeout", "1s")
    os.write(writer, b"a")
    assert receiver.stdout.read(1) == b"a"
    time.sleep(0.1)
    freeze(receiver.pid)
    time.sleep(0.2)
    os.write(writer, b"b")
    time.sleep(1.5)
    receiver.send_signal(signal.SIGCONT)
    assert receiver.stdout.read(1) == b"b"
    os.close(writer)
    assert (receiver.wait(15), sender.wait(15)) == (0, 0)
    # Somebody looks again and again.
    reader, writer = os.pipe()
    sender, receiver = start("send", N, "--stall-timeout", "600ms", stdin=reader), start("recv", N)
    begin = time.monotonic()
    while sender.poll() is None:
        assert time.monotonic() - begin < 30, "it is put off as long as there are looks"
        run("list", "--kind", "stream")
        time.sleep(0.1)
    assert (sender.returncode, receiver.wait(15)) == (124, 76)
    os.close(writer)


def test_talk():
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    try:
        while True:
            os.write(writer, b"x" * 4096)
    except BlockingIOError:
        os.set_blocking(writer, True)
    receiver = start("recv", N, "-q")
    sender = subprocess.Popen([T, "send", N, "-q", "--progress", "/dev/zero"], stderr=writer)
    reading = 0
    begin = time.monotonic()
    while time.monotonic() - begin < 1.5:
        reading += len(receiver.stdout.read(1 << 20))
    assert reading > 10 << 20
    sender.terminate()
    Reader(receiver)
    assert sender.wait(15) == -15 and receiver.wait(15) == 76
    sender = subprocess.Popen([T, "send", N, "/dev/null"], stderr=writer)
    receiver = start("recv", N)
    assert receiver.wait(15) == 0
    time.sleep(0.3)
    sender.terminate()
    assert sender.wait(15) in (0, -15)


# The name of a sender that was killed.
def leave(path):
    left = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    left.bind(path)
    left.close()


def test_locked():
    import fcntl
    place = os.environ["SHMTOOL_DIR"] = F + ".d"
    os.mkdir(place, 0o700)
    atexit.register(lambda: os.rmdir(place))
    lock = os.open(place, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    assert run("send", N, "/dev/null", "--timeout", "300ms").returncode == 124
    sender = start("send", N, "/dev/null")
    time.sleep(0.3)
    sender.terminate()
    assert sender.wait(5) == -15
    # The process that holds the lock may be stopped. It blocks no other stream, replacement or removal.
    for is_left in (False, True):
        if is_left:
            leave(f"{place}/{N}")
        sender, receiver = start("send", N, stdin=feed(b"x")), start("recv", N, "--timeout", "10s")
        assert (receiver.wait(15), sender.wait(15)) == (0, 0), receiver.stderr.read() + sender.stderr.read()
        assert receiver.stdout.read() == b"x" and os.listdir(place) == []
    begin = time.monotonic()
    assert run("send", N, "/dev/null", "--timeout", "1500ms").returncode == 124
    # The time limit includes the wait for the lock. The removal of the name waits for it, too.
    assert 1.5 <= time.monotonic() - begin < 3.5, time.monotonic() - begin
    leave(f"{place}/{N}")
    assert run("remove", f"stream:{N}", "-q").returncode == 0 and os.listdir(place) == []
    fcntl.flock(lock, fcntl.LOCK_UN)
    # Held at the end, it does not keep the name.
    sender = start("send", N, "/dev/null")
    until(lambda: os.path.exists(f"{place}/{N}"))
    time.sleep(0.1)
    fcntl.flock(lock, fcntl.LOCK_EX)
    sender.terminate()
    assert sender.wait(5) == -15 and os.listdir(place) == []


def test_inherited():
    def ignoring():
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        os.umask(0o777)
    place = os.environ["SHMTOOL_DIR"] = F + ".d"
    atexit.register(lambda: subprocess.run(["rm", "-rf", place]))
    receiver = start("recv", N, "--", "cat", preexec_fn=ignoring)
    sender = start("send", N, "--", "echo", "hi", preexec_fn=ignoring)
    assert (receiver.wait(15), sender.wait(15)) == (0, 0), receiver.stderr.read() + sender.stderr.read()
    assert receiver.stdout.read() == b"hi\n" and os.stat(place).st_mode & 0o777 == 0o700


def test_given_up():
    sender = start("send", N, "/dev/null", "--receivers", "2")
    receiver = start("recv", N)
    until(lambda: "shmtool-ring" in open(f"/proc/{receiver.pid}/maps").read())
    sender.terminate()
    assert (sender.wait(15), receiver.wait(15)) == (-15, 76)
    assert b"interrupted" in receiver.stderr.read()
    # The receiver waits for a sender that is stopped before it has accepted. The sender may hold the lock of its
    # directory, so this is not the one of other tests.
    place = os.environ["SHMTOOL_DIR"] = F + ".d"
    atexit.register(lambda: shutil.rmtree(place, ignore_errors=True))
    sender = start("send", N, stdin=feed(b"x"))
    until(lambda: os.path.exists(f"{place}/{N}"))
    freeze(sender.pid)
    receiver = start("recv", N)
    time.sleep(11)
    sender.send_signal(signal.SIGCONT)
    assert (sender.wait(15), receiver.wait(15)) == (0, 0)


def test_outputs():
    def both(path, before=()):
        receiver = subprocess.Popen([*before, T, "recv", N, "--output", path, "--timeout", "10s"],
                                    stderr=subprocess.PIPE)
        time.sleep(0.05)
        sender = subprocess.Popen([*before, T, "send", N, "-q", "--timeout", "2s"], stdin=feed(b"hi"))
        return receiver.wait(30), sender.wait(30), receiver.stderr.read()
    place = F + ".o"
    os.mkdir(place, 0o777)
    os.chmod(place, 0o777)
    try:
        long = place + "/" + "\u00e9" * 120
        assert both(long)[:2] == (0, 0) and open(long, "rb").read() == b"hi"
        assert run("recv", N, "--output", place + "/new/").returncode == 64
        assert run("recv", N, "--output", "/proc/new").returncode != 0
        if os.geteuid() == 0:
            nobody = ["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--groups", "60"]
            x = place + "/x"
            open(x, "wb").close()
            os.chown(x, 0, 60)
            os.chmod(x, 0o660)
            assert both(x, nobody)[:2] == (0, 0)
            found = os.stat(x)
            assert (found.st_gid, found.st_mode & 0o777) == (60, 0o660), found
            os.chmod(place, 0o1777)
            os.chown(x, 0, 0)
            os.chmod(x, 0o666)
            result = subprocess.run([*nobody, T, "recv", N, "--output", x], capture_output=True, timeout=30)
            assert result.returncode == 77 and b"sticky" in result.stderr, result
            script = f'mount --bind {long} {x} && exec "$@"'
            result = subprocess.run(["unshare", "-m", "sh", "-c", script, "sh", T, "recv", N, "--output", x],
                                    capture_output=True, timeout=30)
            assert result.returncode == 75 and b"mount point" in result.stderr, result
    finally:
        subprocess.run(["rm", "-rf", place])
