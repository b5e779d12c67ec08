import os
import select
import signal
import stat
import subprocess
import time

from streams import beside, exactly, F, feed, SOCKET
from support import N, run, start, T, until


def test_replaced():
    open(F, "wb").write(b"old")
    os.chmod(F, 0o640)
    link = F + ".link"
    os.symlink(F, link)
    try:
        for path, data in ((F, b"first"), (link, b"second")):
            receiver, sender = start("recv", N, "--output", path), start("send", N, stdin=feed(data))
            assert (receiver.wait(30), sender.wait(30)) == (0, 0), receiver.stderr.read()
            assert open(F, "rb").read() == data and os.stat(F).st_mode & 0o7777 == 0o640
            assert os.path.islink(link)
        os.unlink(F)
        result = run("recv", N, "--output", link)
        assert result.returncode == 66 and b"it is a symbolic link without a target" in result.stderr, result
    finally:
        os.unlink(link)


def test_unnamed():
    os.umask(0o027)
    reader, writer = os.pipe()
    sender, receiver = start("send", N, stdin=reader), start("recv", N, "--output", F)
    os.write(writer, b"half")
    def writes():
        place = f"/proc/{receiver.pid}/fd"
        try:
            return any(os.readlink(f"{place}/{number}").startswith(os.path.dirname(F))
                       for number in os.listdir(place))
        except FileNotFoundError:
            # One was closed since the directory was read.
            return False
    until(writes)
    assert not beside(F) and not os.path.exists(F)
    os.close(writer)
    assert (receiver.wait(30), sender.wait(30)) == (0, 0)
    assert os.stat(F).st_mode & 0o7777 == 0o640 and not beside(F)


def test_special():
    os.mkfifo(F)
    for path, word in ((F, b"a FIFO"), ("/dev/null", b"a device"), ("/tmp", b"a directory")):
        result = run("recv", N, "--output", path)
        assert result.returncode == 65 and word in result.stderr, result
    assert stat.S_ISFIFO(os.lstat(F).st_mode) and stat.S_ISCHR(os.lstat("/dev/null").st_mode)
    os.unlink(F)
    if os.geteuid() != 0:
        open(F, "wb").write(b"mine")
        os.chmod(F, 0o444)
        assert run("recv", N, "--output", F).returncode == 77


def test_named():
    def receive():
        return subprocess.Popen(["strace", "-f", "-qq", "-o", "/dev/null", "-e",
                                 "inject=linkat:error=EPERM", T, "recv", N, "--output", F],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    for kill in (True, False):
        reader, writer = os.pipe()
        receiver, sender = receive(), start("send", N, stdin=reader)
        os.write(writer, b"half")
        # Before both have met, the name is that of a trial.
        until(lambda: not select.select([reader], [], [], 0)[0] and beside(F))
        if kill:
            os.kill(sender.pid, signal.SIGKILL)
            assert receiver.wait(30) == 69 and not beside(F) and not os.path.exists(F)
        os.close(writer)
    assert (receiver.wait(30), sender.wait(30)) == (0, 0), receiver.stderr.read()
    assert open(F, "rb").read() == b"half" and not beside(F)


def test_unread():
    for command, size in ((["true"], 5), (["sh", "-c", "exec <&-; sleep 0.3"], 5000),
                          (["head", "-c", "1"], 300_000)):
        receiver = start("recv", N, "--", *command)
        sender = start("send", N, stdin=feed(b"x" * size))
        codes = receiver.wait(30), sender.wait(30)
        assert codes == (74, 76), (command, codes, receiver.stderr.read())
    # One that takes its time gets it.
    receiver = start("recv", N, "--", "sh", "-c", "sleep 0.5; wc -c")
    sender = start("send", N, stdin=feed(b"x" * 70_000))
    assert (receiver.wait(30), sender.wait(30)) == (0, 0)
    assert receiver.stdout.read().strip() == b"70000"


def test_terminal():
    import pty, tty
    for how in ("signal", "death", "stall"):
        leader, follower = pty.openpty()
        tty.setraw(follower)
        words = ["--stall-timeout", "1s"] if how == "stall" else []
        receiver = subprocess.Popen([T, "recv", N, "-q", "--force", *words], stdout=follower,
                                    stderr=subprocess.PIPE)
        os.close(follower)
        sender = start("send", N, "-q", "/dev/zero")
        assert os.read(leader, 100)
        time.sleep(0.5)
        begin = time.monotonic()
        if how == "signal":
            receiver.send_signal(signal.SIGTERM)
        if how == "death":
            sender.kill()
        code = receiver.wait(15)
        assert code == {"signal": -15, "death": 69, "stall": 124}[how], (how, code)
        assert time.monotonic() - begin < 3, how
        sender.wait(15)
        os.close(leader)
    # What is read from it is the stream.
    leader, follower = pty.openpty()
    tty.setraw(follower)
    data = os.urandom(200_000)
    receiver = subprocess.Popen([T, "recv", N, "-q", "--force"], stdout=follower)
    os.close(follower)
    sender = start("send", N, "-q", stdin=feed(data))
    with os.fdopen(leader, "rb", buffering=0) as file:
        assert exactly(file, len(data)) == data
        assert (receiver.wait(15), sender.wait(15)) == (0, 0)


def test_fifo():
    os.mkfifo(F)
    begin = time.monotonic()
    assert start("send", N, F, "--timeout", "500ms").wait(15) == 124
    sender = start("send", N, F)
    until(lambda: os.path.exists(SOCKET))
    sender.send_signal(signal.SIGINT)
    assert sender.wait(15) == -2
    sender, receiver = start("send", N, F, "--stall-timeout", "500ms"), start("recv", N)
    assert (sender.wait(15), receiver.wait(15)) == (124, 76)
    sender, receiver = start("send", N, F), start("recv", N)
    time.sleep(0.2)
    open(F, "wb").write(b"x" * 100_000)
    assert receiver.communicate(timeout=15)[0] == b"x" * 100_000 and sender.wait(15) == 0


def test_stubborn():
    def has_closed_output(parent):
        for name in filter(str.isdigit, os.listdir("/proc")):
            try:
                text = open(f"/proc/{name}/stat").read()
            except OSError:
                continue
            if int(text[text.rindex(")") + 2:].split()[1]) == parent:
                return not os.path.lexists(f"/proc/{name}/fd/1")
    # The producer has closed its output, the consumer has got everything: both go on. The first one
    # never ends by itself, the second one not before the wait is over.
    for send, recv, which in (
            (["--", "sh", "-c", "echo x; trap '' TERM; exec >&-; while :; do sleep 0.1; done"], [], 0),
            (["--stall-timeout", "60s", "--", "sh", "-c", "echo x; exec >&-; sleep 60"], [], 0)):
        sender, receiver = start("send", N, *send), start("recv", N, *recv)
        assert receiver.stdout.read(2) == b"x\n"
        until(lambda: has_closed_output(sender.pid))
        receiver.kill()
        assert sender.wait(15) == 69, sender.stderr.read()
    receiver = start("recv", N, "--stall-timeout", "1s", "--", "sh", "-c",
                     "cat; trap '' TERM; while :; do sleep 0.1; done")
    sender = start("send", N, stdin=feed(b"x"))
    assert (receiver.wait(15), sender.wait(15)) == (124, 76)
    receiver = start("recv", N, "--", "sh", "-c", "cat; sleep 60")
    sender = start("send", N, stdin=feed(b"x"))
    assert receiver.stdout.read(1) == b"x"
    time.sleep(0.3)
    receiver.send_signal(signal.SIGTERM)
    assert (receiver.wait(15), sender.wait(15)) == (-15, 76)


def test_report():
    for command in ("send", "recv"):
        for number in ("3", "9"):
            result = run(command, N, "--report-fd", number)
            assert result.returncode == 74, result
            assert b"cannot write descriptor " + number.encode() in result.stderr, result


def test_open_files():
    def limited(count, *words, **options):
        return subprocess.Popen(["sh", "-c", f'ulimit -n {count}; exec "$@"', "sh", T, *words],
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, close_fds=True, **options)
    told = set()
    for count in range(4, 24):
        receiver, sender = limited(count, "recv", N, "--timeout", "5s"), start("send", N, "/dev/null")
        code, words = receiver.wait(20), receiver.stderr.read()
        assert code in (0, 71), (count, code, words)
        assert code == 0 or b"too many open files" in words, (count, words)
        told.add(code)
        if code != 0:
            sender.terminate()
        sender.wait(20)
        assert not os.path.exists(SOCKET), count
    assert told == {0, 71}
    told = set()
    for count in range(4, 24):
        sender = limited(count, "send", N, "/dev/null", "--timeout", "5s")
        receiver = start("recv", N)
        code, words = sender.wait(20), sender.stderr.read()
        assert code in (0, 71), (count, code, words)
        told.add(code)
        if code != 0:
            receiver.terminate()
        receiver.wait(20)
        assert not os.path.exists(SOCKET), count
    assert told == {0, 71}


def test_no_buffers():
    for which, messages in (("send", 3), ("recv", 3)):
        for number in range(1, messages + 1):
            def traced(*words, **options):
                inject = ["strace", "-f", "-qq", "-o", "/dev/null", "-e",
                          f"inject=sendmsg:error=ENOBUFS:when={number}"]
                return subprocess.Popen([*(inject if words[0] == which else []), T, *words],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
            receiver = traced("recv", N, "--timeout", "5s")
            sender = traced("send", N, "--timeout", "5s", stdin=feed(b"abc"))
            out, err = receiver.communicate(timeout=30)
            said = sender.communicate(timeout=30)[1]
            codes = {"recv": receiver.returncode, "send": sender.returncode}
            assert codes[which] == 71, (which, number, codes, err, said)
            other = codes["send" if which == "recv" else "recv"]
            assert other in (69, 76, 124), (which, number, codes, err, said)
