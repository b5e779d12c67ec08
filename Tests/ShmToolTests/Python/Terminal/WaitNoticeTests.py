import signal
import subprocess
import time

from support import N, P, run
from terminals import Terminal


def test_notices():
    waits = [
        (("recv", N), f"shmtool: waiting for a sender of '{N}'; Ctrl-C stops"),
        (("send", N, "/dev/null"), f"shmtool: waiting for a receiver of '{N}'; Ctrl-C stops"),
        (("send", N, "/dev/null", "--receivers", "3"),
         f"shmtool: waiting for 3 receivers of '{N}'; Ctrl-C stops"),
        (("wait", N), f"shmtool: waiting until '{N}' exists; Ctrl-C stops"),
    ]
    for words, notice in waits:
        streams = {"stdin": subprocess.DEVNULL}
        if words[0] == "recv":
            streams["stdout"] = subprocess.DEVNULL
        terminal = Terminal(*words, **streams)
        terminal.until(lambda text: "stops" in text and text.endswith("\n"))
        assert terminal.lines() == [notice, ""], terminal.text
        terminal.type("\x03")
        assert terminal.end() == -signal.SIGINT, terminal.text
        # Without a terminal, with --quiet, and for a short wait there is no notice.
        limited = (*words, "--timeout", "600ms")
        result = run(*limited)
        assert result.returncode == 124 and b"Ctrl-C" not in result.stderr, result
        if words[0] != "wait":
            terminal = Terminal(*limited, "-q", **streams)
            assert terminal.end() == 124 and "Ctrl-C" not in terminal.text, terminal.text
        terminal = Terminal(*words, "--timeout", "50ms", **streams)
        assert terminal.end() == 124 and "Ctrl-C" not in terminal.text, terminal.text


def test_wait_conditions():
    with open(P, "wb") as file:
        file.write(bytes(4096))
    for words, notice in ((("--removed",), "is removed"), (("--size", "64K"), "has 64 KiB"),
                          (("--equals", "x", "--at", "7"), "holds the bytes at 7"),
                          (("--size", "+4K"), "has grown by 4 KiB"),
                          (("--users", "3"), "has 3 users"), (("--resident", "1M"), "has 1 MiB in RAM"),
                          (("--size", "1M", "--used", "--resident", "64K"),
                           "has 1 MiB, is used and has 64 KiB in RAM")):
        terminal = Terminal("wait", N, *words)
        terminal.until(lambda text: "Ctrl-C" in text)
        assert f"'{N}' {notice}; Ctrl-C stops" in terminal.text, terminal.text
        terminal.process.terminate()
        terminal.end()
    room = "a region of 1000 TiB can be created in '/dev/shm'; Ctrl-C stops"
    for words, notice in (((), "waiting until " + room), ((N,), f"waiting until '{N}' exists, and " + room)):
        terminal = Terminal("wait", *words, "--free", "1000T")
        terminal.until(lambda text: "Ctrl-C" in text)
        assert notice in terminal.text, terminal.text
        terminal.type("\x03")
        assert terminal.end() == -signal.SIGINT, terminal.text
    with open(P, "rb"):
        terminal = Terminal("wait", N, "--unused")
        terminal.until(lambda text: "Ctrl-C" in text)
        assert f"'{N}' is unused; Ctrl-C stops" in terminal.text, terminal.text
    # The end of the wait says nothing, and -q never does.
    assert terminal.end() == 0 and terminal.text.count("\n") == 1, terminal.text
    # Not --used: a list of the same user opens each region for a moment.
    for words in (("--size", "64K"), ("--removed",)):
        terminal = Terminal("wait", "-q", N, *words, "--timeout", "600ms")
        code = terminal.end()
        assert (code, terminal.text) == (124, ""), (words, code, terminal.text)


def test_input():
    with open(P, "wb") as file:
        file.write(bytes(4096))
    terminal = Terminal("write", N)
    terminal.until(lambda text: "Ctrl-D ends the input" in text)
    terminal.type("abc\n\x04")
    assert terminal.end() == 0, terminal.text
    assert open(P, "rb").read(4) == b"abc\n"
    for words, options in ((("write", N, "-q"), {}), (("write", N), {"stderr": subprocess.DEVNULL})):
        terminal = Terminal(*words, **options)
        time.sleep(0.2)
        terminal.type("x\n\x04")
        assert terminal.end() == 0 and "Ctrl-D" not in terminal.text, terminal.text


def test_every_input():
    with open(P, "wb") as file:
        file.write(bytes(4096))
    new = N + "-new"
    for words in (("fill", N, "--file", "-"), ("copy", "-", N), ("create", new, "--from", "-")):
        terminal = Terminal(*words)
        terminal.until(lambda text: "shmtool: reading stdin; Ctrl-D ends the input" in text)
        terminal.type("abc\n\x04")
        assert terminal.end() == 0, (words, terminal.text)
        with open("/dev/shm/" + words[1] if words[0] == "create" else P, "rb") as file:
            assert file.read(4) == b"abc\n", words
    assert run("rm", "-f", new).returncode == 0
