import ctypes
import fcntl
import json
import mmap
import os
import signal
import subprocess
import sys
import time

from support import line, N, P, run, start, stop, T, until, wired


def test_no_proc():
    def bare(*words):
        return subprocess.run(
            ["unshare", "-m", "sh", "-c", 'mount -t tmpfs none /proc && exec "$0" "$@"', T, *words],
            capture_output=True, timeout=30)
    assert bare("verify", N, "--byte", "1").returncode == 1
    assert bare("verify", N, "--zero").returncode == 0
    assert bare("nonsense").returncode == 64
    # Regions with a name are listed, and unknown sources are named.
    told = bare("list", "--json")
    assert told.returncode == 0 and told.stderr.count(b"cannot read '/proc'") == 1, told
    told = json.loads(told.stdout)
    assert "/proc" in [u["path"] for u in told["unreadable"]], told["unreadable"]
    row, = [row for row in told["regions"] if row["name"] == N]
    assert row["used"] is None and row["users_complete"] is False, row
    told = bare("remove", "--stale")
    assert told.returncode == 0 and f"'{N}'" in told.stdout.decode(), told
    for words in (["inspect", N], ["wire", N], ["wire", "--list"],
                  ["limits"], ["seal", "pid:1:3", "shrink"], ["list", "--pid", "1"]):
        result = bare(*words)
        assert result.returncode == 66 and b"/proc is not mounted" in result.stderr, (words, result)
    assert bare("fill", N, "--byte", "1").returncode == 0
    assert open(P, "rb").read() == b"\1" * 65536
    assert bare("create", N, "1M").returncode == 73
    assert bare("resize", N, "128K").returncode == 0 and os.stat(P).st_size == 131072
    assert bare("remove", N).returncode == 0 and not os.path.exists(P)


def test_hidden(hiding):
    with open(P, "r+b") as file, mmap.mmap(file.fileno(), 0) as memory:
        words = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", T]
        script = hiding if "exec" in hiding else hiding + ' && exec "$@"'
        def hidden(*more):
            return subprocess.run(["unshare", "-m", "sh", "-c", script, "sh", *words, *more],
                                  capture_output=True, timeout=30)
        result = hidden("resize", N, "4K", "--shrink")
        assert result.returncode == 75 and os.stat(P).st_size == 1 << 20, result
        rows = json.loads(hidden("list", "--json").stdout)["regions"]
        row, = [row for row in rows if row["name"] == N]
        assert row["used"] is None and row["users_complete"] is False, row


def test_directories():
    os.mkdir(P)
    try:
        waiting = start("wait", P + "/x", "--timeout", "20s")
        time.sleep(0.3)
        os.rmdir(P)
        os.mkdir(P)
        open(P + "/x", "wb").write(b"x")
        assert waiting.wait(10) == 0
        os.mkdir(P + "/sub")
        open(P + "/sub/x", "wb").write(b"x")
        waiting = start("wait", "--removed", P + "/sub/x", "--timeout", "20s")
        time.sleep(0.3)
        os.rename(P, P + ".moved")
        assert waiting.wait(10) == 0
    finally:
        import shutil
        shutil.rmtree(P, ignore_errors=True)
        shutil.rmtree(P + ".moved", ignore_errors=True)


def test_signals():
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    ignored = "print(__import__('signal').getsignal(1).name)"
    result = run("map", N, "--", sys.executable, "-c", ignored)
    assert result.stdout == b"SIG_IGN\n", result
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    result = run("map", N, "--", sys.executable, "-c", ignored)
    assert result.stdout == b"SIG_DFL\n", result
    C = ctypes.CDLL(None, use_errno=True)
    process = start("map", N, "--", "sh", "-c", "echo up; exec sleep 20")
    assert process.stdout.readline() == b"up\n"
    assert C.sigqueue(process.pid, signal.SIGTERM, ctypes.c_void_p(0)) == 0
    assert process.wait(10) == 143


def test_background():
    reader, writer = os.pipe()
    result = run("wire", "--background", "--", N, pass_fds=[writer])
    assert result.returncode == 0, result
    os.close(writer)
    assert os.read(reader, 1) == b""
    assert run("unwire", N).returncode == 0


def test_taken_back():
    full = open("/dev/full", "wb")
    for words, code, options in (
            (["--json"], 74, dict(stdout=full)),
            (["--wired", "--ready-fd", "99"], 74, {}),
            (["--wired"], 74, dict(env={**os.environ, "NOTIFY_SOCKET": "/nonexistent/socket"})),
            (["--wired", "--", "/nonexistent"], 127, {})):
        result = subprocess.run([T, "create", N, "64K", *words], stderr=subprocess.PIPE, timeout=30,
                                **options)
        assert result.returncode == code and not os.path.exists(P), (words, result)
    for mode in ("400", "000"):
        result = run("create", N, "64K", "--mode", mode, "--wired", "--for", "1ms")
        assert result.returncode == 0 and os.path.exists(P), result
        os.unlink(P)


def test_follow():
    process = start("wire", N, "--follow")
    until(lambda: wired(process.pid) == 65536)
    open(P + ".new", "wb").write(bytes(131072))
    os.chmod(P + ".new", 0)
    # Root may open a file without any mode bit. A directory cannot be wired by any user.
    os.mkdir(P + ".dir")
    os.unlink(P)
    os.rename(P + ".dir", P)
    time.sleep(0.6)
    os.rmdir(P)
    os.chmod(P + ".new", 0o600)
    os.rename(P + ".new", P)
    until(lambda: wired(process.pid) == 131072)
    stop(process)


def test_sizes(path):
    if os.path.exists(path):
        content = open(path, "rb").read()
        result = run("create", N, "--from", path)
        assert result.returncode == 0 and open(P, "rb").read() == content, result
        result = run("write", N, path)
        assert result.returncode == 0, result
        assert run("verify", N, "--file", path).returncode == 0


def test_seals():
    with open(P, "r+b") as file:
        place = f"pid:{os.getpid()}:{file.fileno()}"
        assert run("seal", place, "shrink").returncode == 65
        entry, = json.loads(run("inspect", "--json", place).stdout)["regions"]
        assert entry["seals"] is None, entry


def test_while_pid():
    other = subprocess.Popen(["sleep", "0.5"])
    process = start("create", N, "4K", "--wired", "--while-pid", str(other.pid))
    other.wait()
    assert process.wait(10) == 0
    os.unlink(P)
    result = run("create", N, "4K", "--wired", "--while-pid", str(other.pid))
    assert result.returncode == 66 and not os.path.exists(P), result


def test_again():
    process = start("wire", N, "--follow", "--range", "6M:")
    until(lambda: wired(process.pid) == 2 << 20)
    line(process.stderr)
    os.truncate(P, 5 << 20)
    assert "to 5 MiB" in line(process.stderr)
    assert "beyond the end" in line(process.stderr)
    os.truncate(P, 8 << 20)
    assert "to 8 MiB" in line(process.stderr)
    assert "wired 2 MiB" in line(process.stderr)
    stop(process)
    open(P + "-b", "wb").write(bytes(4096))
    try:
        assert run("wire", N, N + "-b", "--range", "0+4K", "--background").returncode == 0
        result = run("unwire", N, N + "-b")
        assert result.returncode == 0 and b"no background holder" not in result.stderr, result
    finally:
        os.unlink(P + "-b")


def test_sealed():
    for seal in (0x8, 0x10):
        file = os.memfd_create("shmtool-test", os.MFD_ALLOW_SEALING)
        os.ftruncate(file, 65536)
        fcntl.fcntl(file, 1033, seal)
        result = run("wire", f"pid:{os.getpid()}:{file}", "--for", "1ms")
        assert result.returncode == 0, result
