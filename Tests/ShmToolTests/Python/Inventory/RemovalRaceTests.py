import os
import platform
import subprocess
import sys
import threading
import time

from faults import private
from inventory import ME, PAGE
from support import run, T, until


# attack delays a call of the tool, and runs act during that call.
X = "/dev/shm/x"
CALLS = {"x86_64": dict(renameat2=316, unlink=87), "aarch64": dict(renameat2=276, unlinkat=35)}[
    platform.machine()]
UNLINK = "unlink" if "unlink" in CALLS else "unlinkat"


def is_in(call):
    mine = os.readlink("/proc/self/ns/mnt")
    for process in filter(str.isdigit, os.listdir("/proc")):
        try:
            if (os.readlink(f"/proc/{process}/ns/mnt") == mine
                    and open(f"/proc/{process}/comm").read() == "shmtool\n"):
                if open(f"/proc/{process}/syscall").read().split()[0] == str(CALLS[call]):
                    return True
        except (OSError, IndexError):
            pass
    return False


def attack(call, delay, words, act, before=()):
    ended = []
    def remove():
        ended.append(subprocess.run(
            [*before, "timeout", "-s", "KILL", "60", "strace", "-f", "-qq", "-o", "/dev/null",
             "-e", f"inject={call}:{delay}", T, "remove", *words],
            capture_output=True, stdin=subprocess.DEVNULL))
    thread = threading.Thread(target=remove)
    thread.start()
    try:
        until(lambda: is_in(call) or not thread.is_alive())
        assert thread.is_alive(), ended
        found = act()
    finally:
        thread.join()
    return ended[0], found


def make(owner=0):
    with open(X, "w") as file:
        os.truncate(X, PAGE)
        os.chown(X, owner, owner)
        return os.fstat(file.fileno()).st_ino


# Like a mapping of another program: the name exists, or did not exist at its open.
def opened(flags=os.O_RDWR):
    while True:
        try:
            return os.open(X, flags)
        except FileNotFoundError:
            return None
        except BlockingIOError:
            time.sleep(0.01)


def same(file, inode):
    status = os.fstat(file)
    assert (status.st_ino, status.st_nlink) == (inode, 1), status
    assert os.listdir("/dev/shm") == ["x"] and os.stat(X).st_ino == inode, os.listdir("/dev/shm")


DELAY = "delay_enter=1000000"


def test_opens_before(way):
    words = {"--unused": ["--unused", "x"], "--stale": ["--stale", "--yes"]}[way]
    for flags in (os.O_RDWR, os.O_RDONLY | os.O_NONBLOCK):
        inode = make()
        result, file = attack("renameat2", DELAY, words, lambda: opened(flags))
        if file is None:
            # An open that does not wait fails with EAGAIN, and the name may be missing for a moment.
            assert flags & os.O_NONBLOCK, result
            file = os.open(X, flags)
        same(file, inode)
        assert result.returncode == (75 if way == "--unused" else 0), result
        os.close(file)
        os.unlink(X)


def test_opens_after():
    for words in (["--unused", "x"], ["--stale", "--yes"], ["x"]):
        make()
        result, file = attack(UNLINK, DELAY, words, opened)
        assert file is None and result.returncode == 0, (words, result)
        assert os.listdir("/dev/shm") == [], os.listdir("/dev/shm")
        inode = make()
        result, file = attack(
            UNLINK, DELAY, words, lambda: os.open(X, os.O_CREAT | os.O_EXCL | os.O_RDWR))
        assert result.returncode == 0 and os.fstat(file).st_ino != inode, (words, result)
        same(file, os.fstat(file).st_ino)
        os.close(file)
        os.unlink(X)


def test_without_lease():
    private("-t", "tmpfs", "tmpfs", "/dev/shm")
    before = ["setpriv", "--bounding-set", "-lease", "--inh-caps", "-lease"]
    if subprocess.run([*before, "true"]).returncode:
        sys.exit(0)
    inode = make(owner=1234)
    result, file = attack("renameat2", DELAY, ["--unused", "x"], opened, before)
    assert result.returncode == 75 and str(ME).encode() in result.stderr, result
    same(file, inode)
    os.close(file)
    result, file = attack(UNLINK, DELAY, ["--unused", "x"], opened, before)
    assert file is None and result.returncode == 0 and os.listdir("/dev/shm") == [], result


def test_name_taken():
    def take():
        files = []
        opener = threading.Thread(target=lambda: files.append(os.open(X, os.O_RDWR)))
        opener.start()
        until(lambda: not os.path.exists(X))
        os.close(os.open(X, os.O_CREAT | os.O_EXCL | os.O_RDWR))
        opener.join()
        return files[0]
    inode = make()
    result, file = attack("renameat2", DELAY + ":delay_exit=1000000", ["--unused", "x"], take)
    assert result.returncode == 75, result
    left, = [n for n in os.listdir("/dev/shm") if n != "x"]
    assert os.stat("/dev/shm/" + left).st_ino == inode == os.fstat(file).st_ino
    assert b"a new region took the name" in result.stderr, result
    assert f"'/dev/shm/{left}'".encode() in result.stderr, result
    # It is in use, so the next run keeps it as well.
    new = open(X)
    time.sleep(2.1)
    run("remove", "--stale", "--yes")
    assert os.fstat(file).st_nlink == 1 and sorted(os.listdir("/dev/shm")) == sorted([left, "x"])
