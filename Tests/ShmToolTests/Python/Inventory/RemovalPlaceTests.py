import json
import os
import subprocess
import sys
import time

from faults import mount, private, traced
from support import run, T


private("-t", "tmpfs", "-o", "size=64M", "tmpfs", "/dev/shm")
# WAYS to remove /mnt/x, by another user, and what must be left.
WAYS = (["/mnt/x"], ["--unused", "/mnt/x"])


def by(user, *words):
    with open(T, "rb") as tool:
        return subprocess.run(
            ["setpriv", "--reuid", str(user), "--regid", str(user), "--clear-groups",
             f"/proc/self/fd/{tool.fileno()}", *words],
            pass_fds=[tool.fileno()], capture_output=True, timeout=60)


def make(path, size=4096, owner=None):
    with open(path, "w") as file:
        os.truncate(path, size)
        if owner is not None:
            os.chown(path, owner, owner)
        return os.fstat(file.fileno()).st_ino


def kept(place, inode, name="x"):
    assert os.listdir(place) == [name], os.listdir(place)
    assert os.stat(f"{place}/{name}").st_ino == inode


def test_hugetlbfs():
    for text in open("/proc/mounts").read().splitlines():
        if text.split()[2] == "hugetlbfs":
            subprocess.run(["umount", "--lazy", text.split()[1]], check=True)
    if subprocess.run(["mount", "-t", "hugetlbfs", "hugetlbfs", "/mnt"]).returncode:
        sys.exit(0)  # A kernel without huge pages.
    # Without a page of the pool: nothing is touched.
    HUGE = os.statvfs("/mnt").f_bsize
    for words in (*WAYS, ["--stale", "--yes"]):
        inode = make("/mnt/x", HUGE)
        with open("/mnt/x"):
            if len(words) > 1:
                result = run("remove", *words)
                assert result.returncode == (75 if words[0] == "--unused" else 0), result
                kept("/mnt", inode)
        result = run("remove", *words)
        assert result.returncode == 0 and os.listdir("/mnt") == [], (words, result)
    for used in (False, True):
        inode = make("/mnt/x", HUGE)
        if subprocess.run(["which", "strace"], capture_output=True).returncode:
            break
        traced("unlink:signal=KILL:when=1", "remove", "/mnt/x")
        left, = os.listdir("/mnt")
        assert left.startswith(".shmtool-removing-") and left.endswith("-x"), left
        held = open("/mnt/" + left) if used else None
        time.sleep(2.1)
        assert run("remove", "--stale", "--yes").returncode == 0
        if used:
            kept("/mnt", inode)
            held.close()
        else:
            assert os.listdir("/mnt") == []


def test_sticky():
    mount("-t", "tmpfs", "tmpfs", "/mnt")
    os.chown("/mnt", 1234, 1234)
    os.chmod("/mnt", 0o1777)
    if by(65534, "--version").returncode:
        sys.exit(0)
    # Only the file's owner, the directory's owner and root may remove it.
    for owner, user in ((65534, 65534), (0, 0), (65534, 0)):
        for words in WAYS:
            make("/mnt/x", owner=owner)
            result = run("remove", *words) if user == 0 else by(user, "remove", *words)
            assert result.returncode == 0 and os.listdir("/mnt") == [], (owner, user, result)
    make("/mnt/x", owner=65534)
    result = by(1234, "remove", "/mnt/x")
    assert result.returncode == 0 and os.listdir("/mnt") == [], result
    for owner, user in ((0, 65534), (1234, 65534), (65534, 4321)):
        inode = make("/mnt/x", owner=owner)
        result = by(user, "remove", "/mnt/x")
        assert result.returncode == 77, (owner, user, result)
        assert b"/mnt is a sticky directory: only the owner" in result.stderr, result
        kept("/mnt", inode)
        result = by(user, "remove", "--unused", "/mnt/x")
        assert result.returncode in (75, 77), (owner, user, result)
        kept("/mnt", inode)
        os.unlink("/mnt/x")
    # In use it is kept for its owner as well, who may ask for a lease.
    inode = make("/mnt/x", owner=65534)
    with open("/mnt/x"):
        result = by(65534, "remove", "--unused", "/mnt/x")
        assert result.returncode == 75, result
        kept("/mnt", inode)


def test_read_only():
    # A file system that is read-only, and a mount of one that is not.
    for bound in (False, True):
        mount("-t", "tmpfs", "tmpfs", "/mnt")
        inode = make("/mnt/x")
        if bound:
            mount("--bind", "/mnt", "/mnt")
            mount("-o", "remount,bind,ro", "/mnt")
        else:
            mount("-o", "remount,ro", "/mnt")
        for words in WAYS:
            result = run("remove", *words)
            assert result.returncode == 77 and b"mounted read-only" in result.stderr, result
            assert b"remount" not in result.stderr and result.stderr.count(b"\n") == 1, result
            kept("/mnt", inode)
            told = run("remove", *words, "--json")
            assert told.returncode == 77, told
            kept("/mnt", inode)
    inode = make("/dev/shm/x")
    mount("-o", "remount,ro", "/dev/shm")
    assert b"would remove 'x'" in run("remove", "--stale").stdout
    result = run("remove", "--stale", "--yes")
    assert result.returncode == 77 and b"mounted read-only" in result.stderr, result
    kept("/dev/shm", inode)


def test_hidepid(level):
    os.chmod("/dev/shm", 0o1777)
    if by(65534, "--version").returncode:
        sys.exit(0)
    mount("-t", "proc", "-o", "hidepid=" + level, "proc", "/proc")
    inode = make("/dev/shm/x", owner=65534)
    other = make("/dev/shm/other", owner=4321)
    with open("/dev/shm/x"), open("/dev/shm/other"):
        told = by(65534, "list", "--json")
        assert told.returncode == 0, told
        found = json.loads(told.stdout)
        assert found["hidden_processes"] > 0 or not found["sees_all_processes"], found
        for region in found["regions"]:
            if region["reference"] in ("x", "other"):
                assert region["used"] is None and not region["users_complete"], region
        assert b"none seen" in by(65534, "list").stdout
        # The kernel proves the use of the user's own region, and refuses for another user's region.
        for words, code in ((["--unused", "x"], 75), (["--stale", "--yes"], 0),
                            (["--unused", "other"], None)):
            result = by(65534, "remove", *words)
            assert result.returncode == code if code is not None else result.returncode, result
            assert os.stat("/dev/shm/x").st_ino == inode, result
            assert os.stat("/dev/shm/other").st_ino == other, result
    assert by(65534, "remove", "--unused", "x").returncode == 0
    assert os.listdir("/dev/shm") == ["other"]
