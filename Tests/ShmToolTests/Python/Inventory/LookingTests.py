import fcntl
import json
import os
import signal
import socket
import subprocess
import time

from faults import mount, private, traced
from inventory import ME, PAGE, row, segment
from support import N, P, run, start, T


def test_undisturbed(*words):
    assert run("create", N, "64K", "-q").returncode == 0
    child = os.fork()
    if child == 0:
        while os.getppid() == ME:
            try:
                os.close(os.open(P, os.O_RDWR | os.O_NONBLOCK))
            except BlockingIOError:
                os._exit(9)
        os._exit(0)
    try:
        end = time.monotonic() + 2
        while time.monotonic() < end:
            assert run(*words).returncode == 0
            assert run("read", N).returncode == 0
        assert os.waitpid(child, os.WNOHANG) == (0, 0), "an open failed"
    finally:
        try:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        except (ProcessLookupError, ChildProcessError):
            pass


def test_lease():
    import threading
    # In a /dev/shm that no other program looks at.
    private("-t", "tmpfs", "-o", "size=8M", "tmpfs", "/dev/shm")
    assert run("create", N, "64K", "-q").returncode == 0
    signal.signal(signal.SIGIO, signal.SIG_IGN)
    file = os.open(P, os.O_RDONLY)
    def leased(): fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)
    def given(): fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    leased()
    threading.Timer(0.05, given).start()
    assert run("read", N).returncode == 0
    leased()
    # To look neither opens the region nor breaks the lease.
    for words in (["list", "--json"], ["inspect", N, "--json"], ["remove", "--stale"]):
        assert run(*words).returncode == 0
        assert fcntl.fcntl(file, fcntl.F_GETLEASE) == fcntl.F_WRLCK, words
    for words in (["read", N], ["verify", N, "--zero"], ["resize", N, "128K"]):
        begin = time.monotonic()
        result = run(*words)
        assert result.returncode == 75 and time.monotonic() - begin < 10, result
        assert f"process {ME} (python3" in result.stderr.decode(), result
        assert "holds a lease on it" in result.stderr.decode(), result


def test_in_flight():
    assert run("create", N, "64K", "-q").returncode == 0
    one, other = socket.socketpair()
    file = os.open(P, os.O_RDWR)
    socket.send_fds(one, [b"x"], [file])
    os.close(file)
    found = row(name=N)
    assert found["used"] is None and found["users"] == [], found
    result = run("remove", "--unused", N)
    assert result.returncode == 75 and os.path.exists(P), result
    other.close()
    one.close()
    assert run("remove", "--unused", N).returncode == 0 and not os.path.exists(P)


def test_reader_lock():
    assert run("create", N, "64K", "--mode", "644", "-q").returncode == 0
    reader = os.open(P, os.O_RDONLY)
    sizes = iter(range(128, 1024, 64))
    def resize():
        begin = time.monotonic()
        result = run("resize", N, f"{next(sizes)}K")
        return result, time.monotonic() - begin
    for kind in (fcntl.LOCK_SH, fcntl.LOCK_EX):
        fcntl.flock(reader, kind)
        result, took = resize()
        assert result.returncode == 0 and took < 10, (result, took)
    fcntl.flock(reader, fcntl.LOCK_UN)
    fcntl.lockf(reader, fcntl.LOCK_SH)
    result, took = resize()
    assert result.returncode == 0 and took < 10, (result, took)
    # Who may write the region, and changes it, is waited for.
    fcntl.lockf(reader, fcntl.LOCK_UN)
    writer = os.open(P, os.O_RDWR)
    fcntl.lockf(writer, fcntl.LOCK_EX)
    process = start("resize", N, "2M")
    time.sleep(0.5)
    assert process.poll() is None
    fcntl.lockf(writer, fcntl.LOCK_UN)
    assert process.wait(30) == 0


def test_renamed(way):
    private("-t", "tmpfs", "-o", "size=64M", "tmpfs", "/dev/shm")
    # The adversary puts regions of value in the place of empty ones. Each of value has a second name
    # in the end or its own: no inode of them may go.
    os.mkdir("/dev/shm/safe")
    child = os.fork()
    if child == 0:
        n = 0
        while os.getppid() == ME and n < 3000:
            n += 1
            value = f"/dev/shm/safe/{n}"
            held = os.open(value, os.O_CREAT | os.O_RDWR)
            os.write(held, b"v")
            try:
                os.close(os.open("/dev/shm/x", os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
            except FileExistsError:
                pass
            os.rename(value, "/dev/shm/x")
            time.sleep(0.0003)
            # It is in use, and so it must be found again: by its name, or by one set aside.
            links = os.fstat(held).st_nlink
            if links == 0 and way != "plain":
                os.write(2, b"a region in use was removed\n")
                os._exit(1)
            for name in os.listdir("/dev/shm"):
                if name == "x" or name.startswith(".shmtool-removing-"):
                    try:
                        os.unlink("/dev/shm/" + name)
                    except FileNotFoundError:
                        pass
            os.close(held)
        os._exit(0)
    try:
        end = time.monotonic() + 4
        rounds = 0
        while time.monotonic() < end or rounds < 6:
            words = {"--stale": ["--stale", "--yes"], "--unused": ["--unused", "x"], "plain": ["x"]}
            result = run("remove", "-q", *words[way])
            assert result.returncode in (0, 66, 75), result
            rounds += 1
        ended = os.waitpid(child, os.WNOHANG)
        assert ended in ((0, 0), (child, 0)), ended
    finally:
        try:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        except (ProcessLookupError, ChildProcessError):
            pass


def test_killed():
    private("-t", "tmpfs", "-o", "size=64M", "tmpfs", "/dev/shm")
    for kept in (False, True):
        for words in (["--unused", "x"], ["x"]):
            assert run("create", "x", "8K", "-q").returncode == 0
            inode = os.stat("/dev/shm/x").st_ino
            traced("unlink:signal=KILL:when=1", "remove", *words)
            left, = os.listdir("/dev/shm")
            if left == "x":
                continue
            assert left.startswith(".shmtool-removing-") and left.endswith("-x"), left
            assert os.stat("/dev/shm/" + left).st_ino == inode
            assert row(name=left, inode=inode)["reference"] is not None
            held = open("/dev/shm/" + left) if kept else None
            time.sleep(2.1)
            shown = run("remove", "--stale")
            assert shown.returncode == 0 and left.encode() in shown.stdout, shown
            assert os.listdir("/dev/shm") == [left]
            assert run("remove", "--stale", "--yes").returncode == 0
            assert os.listdir("/dev/shm") == (["x"] if kept else []), os.listdir("/dev/shm")
            if kept:
                assert os.stat("/dev/shm/x").st_ino == inode
                held.close()
                os.unlink("/dev/shm/x")


def test_unreadable():
    private("-t", "tmpfs", "-o", "size=8M,mode=1770", "tmpfs", "/dev/shm")
    def nobody(*words):
        command = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
        with open(T, "rb") as tool:
            return subprocess.run(
                [*command, f"/proc/self/fd/{tool.fileno()}", *words], pass_fds=[tool.fileno()],
                capture_output=True, timeout=60)
    number, _ = segment(PAGE)
    told = nobody("list", "--json")
    assert told.returncode == 0, told
    assert told.stderr.count(b"cannot read '/dev/shm'") == 1, told
    found = json.loads(told.stdout)
    assert [u["path"] for u in found["unreadable"]] == ["/dev/shm"], found["unreadable"]
    assert any(r["name"] == f"sysv:{number}" for r in found["regions"]), found
    told = nobody("remove", "--stale", "--json")
    assert [u["path"] for u in json.loads(told.stdout)["unreadable"]] == ["/dev/shm"], told
    # Each source may fail alone.
    for path in ("/proc/sysvipc", "/proc/meminfo", "/proc/locks"):
        kind = ["-t", "tmpfs", "tmpfs"] if os.path.isdir(path) else ["--bind", "/dev/null"]
        mount(*kind, path)
        told = run("list", "--json")
        assert told.returncode == 0, (path, told)
        places = [u["path"] for u in json.loads(told.stdout)["unreadable"]]
        assert places == (["/proc/sysvipc/shm"] if "sysvipc" in path else []), (path, places)
        subprocess.run(["umount", path], check=True)
