import atexit
import os
import signal
import subprocess
import threading
import time

from streams import exactly, F, feed, Reader, SOCKET
from support import freeze, N, run, start, T, until


def test_interrupted():
    data = os.urandom(300_000)
    open(F, "wb").write(data)
    # What the dynamic loader calls as well, and does not try again.
    loader = ("read", "openat")
    for call in ("read", "poll", "sendmsg", "recvmsg", "accept4", "connect", "write", "pwritev2", "flock",
                 "openat", "getsockopt"):
        for which in ("send", "recv"):
            def traced(*words, **options):
                inject = ["strace", "-f", "-qq", "-o", "/dev/null", "-e",
                          f"inject={call}:error=EINTR:when={40 if call in loader else 1}+3"]
                return subprocess.Popen([*(inject if words[0] == which else []), T, *words],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
            receiver = traced("recv", N, "--timeout", "20s")
            sender = traced("send", N, "--capacity", "64K", stdin=feed(data))
            out, err = receiver.communicate(timeout=60)
            told = sender.communicate(timeout=60)[1]
            assert (receiver.returncode, sender.returncode) == (0, 0), (call, which, err, told)
            assert out == data, (call, which, len(out))


def test_unpolled(injection):
    data = os.urandom(40_000)
    with open(F, "wb") as output, open(F + ".trace", "w+") as trace:
        receiver = subprocess.Popen(
            ["strace", "-qq", "-o", trace.name, "-e", "trace=poll,/epoll", "-e",
             "inject=" + injection, T, "recv", N, "--timeout", "20s"], stdout=output)
        reader, writer = os.pipe()
        sender = start("send", N, "--timeout", "20s", stdin=reader)
        # In pieces, each when the last has come: so the receiver sleeps.
        for place in range(0, len(data), 2000):
            os.write(writer, data[place:place + 2000])
            deadline = time.monotonic() + 30
            while os.path.getsize(F) < place + 2000:
                assert time.monotonic() < deadline, (place, os.path.getsize(F))
                time.sleep(0.002)
        os.close(writer)
        assert (receiver.wait(30), sender.wait(30)) == (0, 0)
        calls = trace.read()
    os.unlink(F + ".trace")
    assert open(F, "rb").read() == data
    assert "INJECTED" in calls, calls
    # It has slept, and not run round in circles.
    waits = "epoll_wait(" if "epoll_wait" in injection else "poll("
    assert 5 < sum(line.startswith(waits) for line in calls.splitlines()) < 500, calls


def test_waiting(sink):
    trace = F + ".trace"
    with open(sink or F, "wb") as output:
        receiver = subprocess.Popen(["strace", "-qq", "-o", trace, "-e", "trace=poll,/epoll", T, "recv", N],
                                    stdout=output)
        reader, writer = os.pipe()
        sender = start("send", N, stdin=reader)
        until(lambda: os.path.exists(trace) and "epoll_wait(" in open(trace).read())
        # strace shows calls that it does not know as well.
        waits = lambda: [line.split("(")[0] for line in open(trace) if not line.startswith("syscall_")]
        before = len(waits())
        # Several may come at once.
        until(lambda: os.write(writer, b"x") and len(waits()) > before + 20)
        # Read once: the receiver may wait again in the meantime.
        calls = waits()
        assert set(calls[before:]) == {"epoll_wait"}, calls
        os.close(writer)
        assert (receiver.wait(30), sender.wait(30)) == (0, 0)
    os.unlink(trace)


def test_sandboxed(error):
    data = os.urandom(3_000_000)
    def traced(*words, **options):
        words = ["strace", "-qq", "-o", f"{F}.{words[0]}", "-e", "trace=poll,/epoll,preadv2,pwritev2", "-e",
                 "inject=preadv2,pwritev2:error=" + error, T, *words]
        return subprocess.Popen(words, stdout=subprocess.PIPE, **options)
    receiver = traced("recv", N)
    sender = traced("send", N, "--capacity", "64K", stdin=feed(data))
    exactly(receiver.stdout, 1)
    # Both ends wait now: they sleep, and do not run round in circles. Before that each piece of
    # the pipe takes a few calls.
    def calls(end):
        with open(f"{F}.{end}") as log:
            return log.read()
    def sleeping(end):
        before = calls(end).count("\n")
        time.sleep(0.5)
        return calls(end).count("\n") - before < 20
    for end in ("recv", "send"):
        until(lambda: sleeping(end))
    assert receiver.stdout.read() == data[1:]
    assert (receiver.wait(30), sender.wait(30)) == (0, 0)
    for end in ("recv", "send"):
        assert "INJECTED" in calls(end), end
        os.unlink(f"{F}.{end}")


def test_sizes():
    for size in (65535, 65536, 65537, 131072):
        data = os.urandom(size)
        receiver = start("recv", N)
        sender = start("send", N, "--capacity", "64K", stdin=feed(data))
        assert receiver.communicate(timeout=30)[0] == data and sender.wait(30) == 0
    data = os.urandom(5000)
    receiver = start("recv", N, "--chunk", "1")
    reader, writer = os.pipe()
    sender = start("send", N, "--chunk", "1", stdin=reader)
    def trickle():
        for byte in data:
            os.write(writer, bytes([byte]))
        os.close(writer)
    threading.Thread(target=trickle, daemon=True).start()
    assert receiver.communicate(timeout=60)[0] == data and sender.wait(30) == 0


def test_inputs():
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    sender, receiver = start("send", N, stdin=reader), start("recv", N)
    for _ in range(20):
        os.write(writer, b"x" * 1000)
        time.sleep(0.01)
    os.close(writer)
    assert receiver.communicate(timeout=30)[0] == b"x" * 20000 and sender.wait(30) == 0
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    sender = start("send", N, stdin=feed(b"y" * 3_000_000))
    receiver = subprocess.Popen([T, "recv", N, "-q"], stdout=writer)
    os.close(writer)
    time.sleep(0.3)
    with os.fdopen(reader, "rb") as file:
        assert file.read() == b"y" * 3_000_000
    assert (receiver.wait(30), sender.wait(30)) == (0, 0)
    for words, code in ((["/tmp"], 65), (["/nonexistent"], 66)):
        assert run("send", N, *words).returncode == code
    result = subprocess.run(["sh", "-c", f'exec "$SHMTOOL" send {N} <&-'], capture_output=True, timeout=30)
    assert result.returncode == 74, result


def test_stopped():
    for which in (0, 1):
        ends = [start("send", N, "/dev/zero", "-q", "--stall-timeout", "1s"),
                start("recv", N, "-q", "--stall-timeout", "1s")]
        exactly(ends[1].stdout, 100_000)
        freeze(ends[which].pid)
        reading = Reader(ends[1])
        assert ends[1 - which].wait(20) == 124, ends[1 - which].stderr.read()
        ends[which].send_signal(signal.SIGCONT)
        assert ends[which].wait(20) in (76, 69), ends[which].stderr.read()
        reading.join(20)


def test_orphans():
    sender = start("send", N, "--", "sh", "-c", "echo x; sleep 30 & echo $! >&2; wait")
    receiver = start("recv", N)
    assert receiver.stdout.read(2) == b"x\n"
    child = int(sender.stderr.readline())
    sender.kill()
    begin = time.monotonic()
    assert receiver.wait(10) == 69 and time.monotonic() - begin < 2
    os.kill(child, signal.SIGKILL)


def test_memory(is_static):
    def most(size):
        receiver = subprocess.Popen([T, "recv", N, "-q"], stdout=subprocess.DEVNULL)
        sender = subprocess.Popen([T, "send", N, "-q"], stdin=subprocess.PIPE)
        with sender.stdin as pipe:
            for _ in range(size >> 20):
                pipe.write(bytes(1 << 20))
            pipe.flush()
            # Only their own: the figures of wait4(2) include those of the process that forked them.
            # Without the pages of the program's file, which its processes share.
            peaks = []
            for process in (sender, receiver):
                told = dict(line.split(":", 1) for line in open(f"/proc/{process.pid}/status"))
                peaks.append(int(told["VmHWM"].split()[0]) - int(told["RssFile"].split()[0]))
        assert (sender.wait(30), receiver.wait(30)) == (0, 0)
        return peaks
    small, large = most(8 << 20), most(400 << 20)
    for before, after in zip(small, large):
        assert after < before + 1024, (small, large)
    # The release build, which is linked statically, has a bound besides: the ring and 2 MiB.
    if is_static == "true":
        assert max(large) < (4 + 2) * 1024, large


def test_leftovers():
    before = set(os.listdir("/dev/shm"))
    for _ in range(5):
        receiver = start("recv", N, "-q", "--", "cat")
        assert start("send", N, "-q", "--", "echo", "x").wait(30) == 0
        assert receiver.wait(30) == 0
    assert not os.path.exists(SOCKET)
    assert not {name for name in os.listdir("/dev/shm") if N in name} - before


def test_directory():
    # Of its own: other tests meet in the usual one meanwhile.
    place = os.environ["SHMTOOL_DIR"] = F + ".d"
    atexit.register(lambda: os.path.exists(place) and os.rmdir(place))
    ended = threading.Event()
    def spoil():
        while not ended.is_set():
            try:
                os.rmdir(place)
            except OSError:
                pass
            time.sleep(0.0001)
    threading.Thread(target=spoil, daemon=True).start()
    for _ in range(150):
        receiver = start("recv", N, "-q", "--timeout", "10s")
        sender = start("send", N, "-q", "--timeout", "10s", stdin=feed(b"x"))
        out, err = receiver.communicate(timeout=30)
        told = sender.communicate(timeout=30)[1]
        assert (out, receiver.returncode, sender.returncode) == (b"x", 0, 0), (err, told)
    ended.set()
