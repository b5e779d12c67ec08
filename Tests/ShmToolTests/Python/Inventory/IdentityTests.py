import atexit
import ctypes
import json
import os
import platform
import signal
import time

from faults import C, private
from inventory import mapped, ME, memfd, PAGE, row, rows, users
from support import N, P, run, until


# What every command reports about one segment.
def look(mode, key, size):
    number = C.shmget(key, ctypes.c_size_t(size), 0o1000 | mode)
    assert number >= 0, os.strerror(ctypes.get_errno())
    atexit.register(C.shmctl, number, 0, None)
    address = C.shmat(number, None, 0)
    listed = row(kind="sysv", name=f"sysv:{number}", reference=f"sysv:{number}")
    assert (listed["size"], listed["mode"]) == (size, f"{mode:04o}"), listed
    assert users(listed) == [os.getpid()], listed
    def inspect(*words):
        result = run("inspect", "--json", *words)
        assert result.returncode == 0 and not result.stderr, result
        return json.loads(result.stdout)
    for words in ([f"sysv:{number}"], ["--pid", str(os.getpid())]):
        found, = [r for r in inspect(*words)["regions"] if r["kind"] == "sysv"]
        assert (found["size"], found["mode"]) == (size, f"{mode:04o}"), found
        assert found["segment"]["key"] == f"0x{key:08x}", found
        assert [u["pid"] for u in found["users"]] == [os.getpid()], found
        assert found["inode"] == number, found
    place, = inspect(f"{os.getpid()}@{address + 4096:#x}")["addresses"]
    assert (place["kind"], place["inode"], place["offset"]) == ("sysv", number, 4096), place
    return number, address


def test_namespaces():
    ready, go = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        try:
            assert C.unshare(0x08000000) == 0
            number, address = look(0o604, 0x77, 5 * PAGE)
            assert number == 0, number
            os.write(ready[1], f"{number} {address}".encode())
            os.read(go[0], 1)
            os._exit(0)
        except BaseException as error:
            os.write(2, repr(error).encode())
            os._exit(1)
    told = os.read(ready[0], 100).split()
    try:
        assert len(told) == 2
        # From here it is another namespace's: its figures are its own, and it has no name.
        found = row([r for r in rows() if child in users(r)], kind="sysv")
        assert (found["mode"], found["size"], found["reference"]) == ("0604", 5 * PAGE, None), found
        assert found["segment"]["key"] == "0x00000077", found
        result = run("inspect", "--json", "--pid", str(child))
        assert result.returncode == 0, result
        found, = [r for r in json.loads(result.stdout)["regions"] if r["kind"] == "sysv"]
        assert (found["mode"], found["size"]) == ("0604", 5 * PAGE), found
        # One of the same number here has no users of there.
        made = []
        while True:
            number = C.shmget(0, ctypes.c_size_t(PAGE), 0o1640)
            made.append(number)
            assert number >= 0
            break
        atexit.register(C.shmctl, made[-1], 0, None)
        found, = json.loads(run("inspect", "--json", f"sysv:{made[-1]}").stdout)["regions"]
        assert found["users"] == [] and found["used"] is False, found
        assert (found["mode"], found["size"]) == ("0640", PAGE), found
    finally:
        os.write(go[1], b"x")
    assert os.waitpid(child, 0)[1] == 0
    look(0o624, 0x4711 + ME, 3 * PAGE)


def test_user_namespace():
    numbers = os.geteuid(), os.getegid()
    assert C.unshare(0x10000000 | 0x08000000) == 0
    for path, text in (("setgroups", "deny"), ("uid_map", f"0 {numbers[0]} 1"),
                       ("gid_map", f"0 {numbers[1]} 1")):
        with open("/proc/self/" + path, "w") as file:
            file.write(text)
    # PR_SET_DUMPABLE, as after exec: the tool may look at this process.
    assert C.prctl(4, 1, 0, 0, 0) == 0
    assert look(0o600, 0x99, 2 * PAGE)[0] == 0


def test_first_thread():
    ready = os.pipe()
    child = os.fork()
    if child == 0:
        import threading
        label = memfd(N, 3 * PAGE)
        file = os.open(P, os.O_CREAT | os.O_RDWR)
        os.ftruncate(file, 2 * PAGE)
        address = mapped(file, 2 * PAGE)
        def stay():
            until(lambda: open(f"/proc/{os.getpid()}/stat").read().split(")")[1].split()[0] == "Z")
            os.write(ready[1], f"{address} {label}".encode())
            time.sleep(60)
        threading.Thread(target=stay).start()
        C.syscall({"x86_64": 60, "aarch64": 93}[platform.machine()], 0)
    try:
        address, label = map(int, os.read(ready[0], 100).split())
        mine = [r for r in rows("--pid", str(child)) if r["name"] == N]
        assert sorted(r["kind"] for r in mine) == ["memfd", "posix"], mine
        def inspect(*words):
            result = run("inspect", "--json", *words)
            assert result.returncode == 0, result
            return json.loads(result.stdout)
        seen = [r["inode"] for r in inspect("--pid", str(child))["regions"]]
        assert sorted(seen) == sorted(r["inode"] for r in rows("--pid", str(child))), seen
        found, = inspect(N)["regions"]
        user, = [u for u in found["users"] if u["pid"] == child]
        assert user["mappings"][0]["resident"] is not None, user
        found, = inspect(f"pid:{child}:{label}")["regions"]
        assert found["size"] == 3 * PAGE, found
        place, = inspect(f"{child}@{address:#x}")["addresses"]
        assert place["kind"] == "posix" and place["page"]["present"] is not None, place
        assert run("remove", "--unused", N).returncode == 75
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def test_links():
    private("-t", "tmpfs", "-o", "size=32M", "tmpfs", "/dev/shm")
    # A folder for sockets of streams, in which no regions are looked for.
    os.mkdir("/dev/shm/.shmtool-elsewhere")
    for name, size in (("a", "2M"), ("kept", "4M"), ("single", "1M")):
        assert run("create", name, size, "-q").returncode == 0
    os.link("/dev/shm/a", "/dev/shm/b")
    os.link("/dev/shm/a", "/dev/shm/c")
    os.link("/dev/shm/kept", "/dev/shm/.shmtool-elsewhere/kept")
    told = json.loads(run("remove", "--stale", "--json").stdout)
    assert told["frees"] == 3 << 20, told
    assert b"which frees 3 MiB" in run("remove", "--stale").stdout
    before = os.statvfs("/dev/shm")
    told = json.loads(run("remove", "--stale", "--yes", "--json").stdout)
    after = os.statvfs("/dev/shm")
    assert told["frees"] == (after.f_bfree - before.f_bfree) * after.f_bsize == 3 << 20, told


def test_age():
    private("-t", "tmpfs", "-o", "size=8M", "tmpfs", "/dev/shm")
    made = time.time()
    for name in ("past", "written", "touched"):
        assert run("create", name, "4K", "-q").returncode == 0
    time.sleep(3)
    os.utime("/dev/shm/past", (0, 0))
    os.chmod("/dev/shm/touched", 0o640)
    # Until one round has taken less time than makes 'written' old.
    def round():
        written = time.time()
        open("/dev/shm/written", "r+b").write(b"x")
        ages = {r["name"]: r["age_seconds"] for r in rows()}
        listed = time.time()
        told = run("remove", "--stale", "--older-than", "3s", "--json")
        ended = time.time()
        assert 0 <= ages["written"] <= listed - written + 1, ages
        assert all(3 <= ages[name] <= listed - made + 1 for name in ("past", "touched")), ages
        stale = {r["region"]: r["age_seconds"] for r in json.loads(told.stdout)["regions"]}
        assert {"past", "touched"} <= set(stale), stale
        assert all(0 <= stale[name] - ages[name] <= ended - written + 1 for name in stale), (stale, ages)
        return ended - written < 3 and set(stale) == {"past", "touched"}
    until(round)
