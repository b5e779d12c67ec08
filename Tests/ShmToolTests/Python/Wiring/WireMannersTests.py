import os
import select
import signal
import subprocess

from support import N, P, run, T


def test_waiting():
    import pty
    def on_terminal(*words):
        mine, other = pty.openpty()
        process = subprocess.Popen([T, *words], stdin=other, stdout=other, stderr=other)
        os.close(other)
        text = b""
        while not text.endswith((b"releases\r\n", b"earlier\r\n")):
            assert select.select([mine], [], [], 30)[0], text
            text += os.read(mine, 4096)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == -2
        os.close(mine)
        return text.decode().split("\r\n")[-2]
    assert on_terminal("wire", N) == "holding 64 KiB wired; Ctrl-C releases"
    assert on_terminal("map", N) == "holding 64 KiB mapped; Ctrl-C releases"
    assert on_terminal("create", N + "-w", "4K", "--wired") == "holding 4 KiB wired; Ctrl-C releases"
    os.unlink(P + "-w")
    assert on_terminal("wire", N, "--for", "1h") == (
        "holding 64 KiB wired for 1 h; Ctrl-C releases earlier")
    assert on_terminal("wire", N, "--for", "90s", "--while-pid", str(os.getpid())) == (
        f"holding 64 KiB wired for 90 s and while process {os.getpid()} runs; Ctrl-C releases earlier")
    # Not in a pipe, and not with -q.
    assert b"holding" not in run("wire", N, "--for", "1ms").stderr
    assert b"holding" not in run("wire", N, "--", "true").stderr
    process = subprocess.Popen([T, "map", "-q", N], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert N.encode() in process.stdout.readline()
    process.terminate()
    assert process.communicate(timeout=30) == (b"", b"")
    mine, other = pty.openpty()
    subprocess.run([T, "wire", N, "-q", "--for", "1ms"], stdin=other, stdout=other, stderr=other)
    assert not select.select([mine], [], [], 0.2)[0]
