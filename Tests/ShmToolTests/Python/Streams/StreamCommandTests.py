import atexit
import os
import select
import signal
import subprocess
import sys
import threading
import time

from streams import exactly, F, feed
from support import N, start, started, T, until


def test_check_stages(command, has_lists):
    script = os.path.join("/tmp", N + ".py")
    # A stage that says when it has read the end, also one that takes its time at SIGTERM.
    open(script, "w").write("; ".join([
        "import signal, sys, time", "mark = sys.argv[1]", "last = lambda *_: time.sleep(0.5) or sys.exit(9)",
        "len(sys.argv) > 2 and signal.signal(signal.SIGTERM, last)", "open(mark + '.ready', 'w').close()",
        "data = sys.stdin.buffer.read()", "open(mark, 'w').close()", "sys.stdout.buffer.write(data)"]))
    marks = [f"/tmp/{N}.{place}" for place in range(3)]
    def clear_marks():
        for mark in marks:
            for path in (mark, mark + ".ready"):
                if os.path.exists(path):
                    os.unlink(path)
    atexit.register(lambda: (clear_marks(), os.unlink(script)))
    has_lists = has_lists == "true"
    for place in range(3):
        command = command.replace(f"STAGE{place}", f"{sys.executable} {script} {marks[place]}")
    untold = ["strace", "-f", "-qq", "-o", "/dev/null", "-P", "/proc/thread-self/children",
              "-e", "trace=newfstatat,statx", "-e", "inject=newfstatat,statx:error=ENOENT"]
    for ending in ("kill", "terminate") + (("own",) if has_lists else ()):
        case = (command, ending)
        clear_marks()
        reader, writer = os.pipe()
        sender = start("send", N, stdin=reader)
        receiver = subprocess.Popen(
            [*([] if has_lists else untold), T, "recv", N, "--", "bash", "-c", command],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        started.append(receiver)
        os.write(writer, b"a short beginning")
        until(lambda: all(os.path.exists(mark + ".ready") for mark in marks))
        begin = time.monotonic()
        (receiver.terminate if ending == "own" else getattr(sender, ending))()
        code = receiver.wait(30)
        taken = time.monotonic() - begin
        assert code == {"kill": 69, "terminate": 76, "own": -15}[ending], (case, code, receiver.stderr.read())
        # SIGKILL comes after 2 s. To look at all processes one by one takes longer on a busy machine.
        assert taken < 5 or not has_lists, (case, taken)
        assert sender.wait(20) is not None, case
        os.close(writer)
        os.close(reader)
        time.sleep(0.2)
        assert not [mark for mark in marks if os.path.exists(mark)], case
        left = subprocess.run(["pgrep", "-f", script], capture_output=True).stdout
        assert not left, (case, left)


def test_others():
    pids = f"/tmp/{N}.pids"
    atexit.register(lambda: os.path.exists(pids) and os.unlink(pids))
    reader, writer = os.pipe()
    sender = start("send", N, stdin=reader)
    # The shell's own child becomes shmtool's when the shell becomes shmtool.
    script = ("sleep 50 & echo $! > " + pids + "; exec \"$SHMTOOL\" recv " + N +
              " -- bash -c 'setsid sleep 50 & echo $! >> " + pids + "; echo x; cat'")
    receiver = subprocess.Popen(["bash", "-c", script], stdout=subprocess.PIPE)
    assert receiver.stdout.readline() == b"x\n"
    until(lambda: len(open(pids).read().split()) == 2)
    time.sleep(0.2)
    sender.kill()
    assert receiver.wait(20) == 69
    for pid in map(int, open(pids).read().split()):
        assert "sleep" in open(f"/proc/{pid}/comm").read()
        os.kill(pid, signal.SIGKILL)


def test_terminal():
    import pty
    pid, leader = pty.fork()
    if pid == 0:
        os.execv(T, [T, "recv", N, "-q", "--", "sh", "-c",
                     "echo ready; read word </dev/tty; echo got $word; sleep 30 </dev/null"])
    sender = start("send", N, "/dev/zero")
    text = b""
    def see(word):
        nonlocal text
        while word not in text:
            assert select.select([leader], [], [], 20)[0], text
            text += os.read(leader, 1000)
    see(b"ready")
    os.write(leader, b"hello\n")
    see(b"got hello")
    os.write(leader, b"\x03")
    _, status = os.waitpid(pid, 0)
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGINT, status
    assert sender.wait(20) == 76


def test_stopped():
    import pty
    def shell():
        pid, leader = pty.fork()
        if pid == 0:
            os.environ["PS1"] = "> "
            os.execvp("bash", ["bash", "--norc", "--noprofile", "-i"])
        return pid, leader
    text = b""
    def see(leader, word, count=1):
        nonlocal text
        while text.count(word) < count:
            assert select.select([leader], [], [], 30)[0], (word, text)
            text += os.read(leader, 1000)
    def states(group):
        found = []
        for name in os.listdir("/proc"):
            if name.isdigit():
                try:
                    fields = open(f"/proc/{name}/stat").read().rsplit(")", 1)[1].split()
                except OSError:
                    continue
                if int(fields[2]) == group:
                    found.append(fields[0])
        return found
    chunk, count = b"0123456789abcdef" * 4096, 200
    whole = chunk * count
    for command, peer, source in (
            (f"$SHMTOOL recv {N} -q -- sh -c 'cat | cat > {F}'", ["send", N, "-q"], True),
            (f"$SHMTOOL send {N} -q -- sh -c 'cat {F}.in | cat'", ["recv", N, "-q"], False)):
        text = b""
        pid, leader = shell()
        see(leader, b"> ")
        os.write(leader, command.encode() + b"; echo code=$?\n")
        if source:
            reader, writer = os.pipe()
            other = start(*peer, stdin=reader)
            os.close(reader)
            os.write(writer, chunk)
            until(lambda: os.path.exists(F) and os.path.getsize(F) == len(chunk))
        else:
            os.mkfifo(F + ".in")
            atexit.register(lambda: os.path.exists(F + ".in") and os.unlink(F + ".in"))
            other = start(*peer)
            writer = os.open(F + ".in", os.O_WRONLY)
            os.write(writer, chunk)
            assert exactly(other.stdout, len(chunk)) == chunk
        for turn in (1, 2):
            group = os.tcgetpgrp(leader)
            assert group != pid
            os.write(leader, b"\x1a")
            see(leader, b"Stopped", turn)
            # shmtool, CMD and its stages. The shell hears of the first only: each stops when it
            # next runs.
            until(lambda: states(group) == ["T"] * 4)
            assert other.poll() is None
            os.write(leader, b"fg; echo code=$?\n")
            until(lambda: "T" not in states(group))
            assert len(states(group)) == 4, states(group)
        def rest():
            with os.fdopen(writer, "wb") as file:
                file.write(whole[len(chunk):])
        threading.Thread(target=rest, daemon=True).start()
        if not source:
            assert chunk + other.stdout.read() == whole
        assert other.wait(60) == 0, other.stderr.read()
        see(leader, b"code=0\r\n")
        if source:
            assert open(F, "rb").read() == whole
        os.write(leader, b"exit\n")
        os.waitpid(pid, 0)
        os.close(leader)


def test_killed():
    for command, peer, mine in (("send", "recv", "producer"), ("recv", "send", "consumer")):
        other = start(peer, N, *([__file__] if peer == "send" else []))
        # A consumer that ends before it has read everything is a broken pipe for the peer.
        process = start(command, N, "--", "sh", "-c", "cat >/dev/null; kill -KILL $$")
        _, error = process.communicate(timeout=30)
        assert process.returncode == 137 and b": 'sh' was killed by signal 9 (SIGKILL)\n" in error, error
        _, error = other.communicate(timeout=30)
        assert other.returncode == 76, (other.returncode, error)
        assert f"the {mine} was killed by signal 9 (SIGKILL)" in error.decode(), error


# It reads a number of bytes in pieces, waits before the last one, and ends when the others are in the pipe.
TAKER = """
import array, fcntl, os, sys, termios, time
count, piece, left = map(int, sys.argv[1:])
while count > 0:
    if count <= piece:
        time.sleep(0.05)
    count -= len(os.read(0, min(count, piece))) or count
unread = array.array("i", [-1])
while unread[0] < left:
    fcntl.ioctl(0, termios.FIONREAD, unread)
os._exit(0)
"""


def test_exact_reader():
    for size, piece in ((1, 1), (4095, 4095), (65536, 65536), (65537, 20000), (1_000_001, 10240)):
        data = os.urandom(size)
        for missing in (0, 1, min(size // 3, 5000)):
            # As tar and head do.
            reader = [sys.executable, "-c", TAKER, str(size - missing), str(piece), str(missing)]
            receiver = start("recv", N, "--timeout", "20s", "--", *reader)
            sender = start("send", N, "--timeout", "20s", stdin=feed(data))
            _, error = receiver.communicate(timeout=60)
            told = sender.communicate(timeout=60)[1]
            codes = (receiver.returncode, sender.returncode)
            if missing == 0:
                assert codes == (0, 0), (size, piece, error, told)
            else:
                assert codes == (74, 76), (size, piece, missing, codes, error)
                assert f"it ended and left {missing} bytes unread".encode() in error, (size, missing, error)
                assert f"it ended and left {missing} bytes unread".encode() in told, (size, missing, told)
        # The stream ends a moment after its last byte, because the producer takes that long.
        open(F, "wb").write(data)
        for pause, more in ((0.1, ""), (0.3, ""), (0.1, "; echo more")):
            receiver = start("recv", N, "--timeout", "20s", "--", "head", "-c", str(size))
            sender = start("send", N, "--timeout", "20s", "--", "sh", "-c", f"cat {F}; sleep {pause}{more}")
            output, error = receiver.communicate(timeout=60)
            told = sender.communicate(timeout=60)[1]
            codes = (receiver.returncode, sender.returncode)
            assert codes == ((74, 76) if more else (0, 0)) and output == data, (size, pause, more, codes, error, told)
