import json
import mmap
import os
import shutil
import subprocess
import sys

from frames import frames, marks
from support import allocated, N, P, run, stop, until, wired
from wiring import holder, K, libc, mappings, PAGE


def test_executable():
    shutil.copy("/bin/sleep", P)
    os.chmod(P, 0o755)
    try:
        subprocess.run([P, "0"], check=True)
    except PermissionError:
        sys.exit(0)  # /dev/shm is mounted noexec: nothing runs from there
    size = os.stat(P).st_size + PAGE - 1 & ~(PAGE - 1)
    running = subprocess.Popen([P, "60"])
    try:
        process, text = holder(N)
        assert wired(process.pid) == size, text
        # Both: one more starts, by itself and as CMD.
        subprocess.run([P, "0"], check=True)
        assert stop(process)[0] == -15
        result = run("wire", N, "-q", "--", P, "0")
        assert (result.returncode, result.stderr) == (0, b""), result
        pid = json.loads(run("wire", N, "--background", "--json").stdout)["pid"]
        subprocess.run([P, "0"], check=True)
        assert run("unwire", N, "-q").returncode == 0
    finally:
        running.kill()
        running.wait()


def test_watched():
    IN_MODIFY, IN_CLOSE_WRITE = 2, 8
    watch = libc.inotify_init1(os.O_NONBLOCK)
    assert watch >= 0
    assert libc.inotify_add_watch(watch, P.encode(), IN_MODIFY | IN_CLOSE_WRITE) >= 0
    def events():
        try:
            return os.read(watch, 4096)
        except BlockingIOError:
            return b""
    for words in (
            ["wire", N, "--for", "0"], ["wire", N, "--range", "4K:8K", "--", "true"],
            ["wire", N, "--best-effort", "--for", "0"], ["wire", "--list", N],
            ["limits"], ["limits", "--need", "4K"], ["inspect", N], ["inspect", N, "--json"],
            ["map", N, "--read-only", "--", "true"], ["map", N, "--private", "--", "true"],
            ["read", N], ["verify", N, "--zero"], ["copy", N, "-"], ["list"],
            ["wait", N, "--size", "4K"]):
        result = run(*words)
        assert result.returncode == 0, (words, result)
        assert events() == b"", words
    # A look that only makes a hint.
    assert run("create", N, "64K").returncode == 73
    assert events() == b""
    pid = json.loads(run("wire", N, "--background", "--json").stdout)["pid"]
    assert run("unwire", N, "-q").returncode == 0
    assert events() == b""
    # The watch can report it.
    assert run("fill", N, "--zero", "-q").returncode == 0
    assert events() != b""


def test_descriptors():
    script = "import fcntl, os; print(fcntl.fcntl(3, fcntl.F_GETFL) & os.O_ACCMODE)"
    result = run("wire", N, "-q", "--", sys.executable, "-c", script)
    assert result.stdout == b"0\n", result
    os.unlink(P)
    result = run("create", N, "64K", "--wired", "-q", "--", sys.executable, "-c", script)
    assert result.stdout == b"2\n", result


def test_hole():
    process, text = holder(N, "--range", "8K:16K", "--json")
    [row] = json.loads(text)["regions"]
    assert row["marked"] == 8 * K, row
    assert allocated(P) == 8 * K
    with open(P, "r+b") as file:
        other = mmap.mmap(file.fileno(), 0)
    other[2 * PAGE], other[3 * PAGE] = 1, 2
    [mine] = [m for m in mappings(os.getpid(), P)]
    assert marks(os.getpid(), mine["at"] + 2 * PAGE, 2) == [1, 1]
    # The store of another process is in the page that is wired: there is no second one.
    assert allocated(P) == 8 * K
    [held] = mappings(process.pid, P)
    assert frames(process.pid, held["at"], 2) == frames(os.getpid(), mine["at"] + 2 * PAGE, 2)
    assert stop(process)[0] == -15
    until(lambda: marks(os.getpid(), mine["at"] + 2 * PAGE, 2) == [0, 0])
