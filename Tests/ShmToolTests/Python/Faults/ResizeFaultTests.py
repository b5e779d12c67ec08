import ctypes
import fcntl
import os
import signal
import subprocess
import sys
import time

from faults import C
from support import allocated, line, N, P, run, start, T, until


def test_several():
    for round in range(20):
        both = [start("resize", N, size) for size in ("2M", "3M")]
        codes = [process.wait(60) for process in both]
        assert codes in ([0, 0], [65, 0]), codes
        assert os.stat(P).st_size == 3 << 20, (codes, os.stat(P).st_size)
        shrunk = run("resize", N, "1M", "--shrink")
        assert shrunk.returncode == 0, shrunk


# A process that inspects the region, as `list --watch` does, is not a user that keeps it.
def test_inspected():
    def held(seconds, access):
        holder = subprocess.Popen(
            [sys.executable, "-c", """
import mmap, os, sys, time
region = os.open(sys.argv[1], os.O_RDONLY)
access = sys.argv[3]
mapped = mmap.mmap(region, 4096, mmap.MAP_SHARED, 0 if access == "none" else mmap.PROT_READ) if access != "open" else 0
print(flush=True)
time.sleep(float(sys.argv[2]))
os._exit(0)
""", P, str(seconds), access], stdout=subprocess.PIPE)
        holder.stdout.readline()
        return holder
    for access in ("open", "none", "read"):
        for words, name in ((("resize", N, "1M", "--shrink"), P), (("remove", "--unused", N), None)):
            assert run("resize", N, "2M").returncode == 0
            # On a busy machine it may last longer than the patience.
            for _ in range(3):
                holder = held(0.05, access)
                done = run(*words)
                assert holder.wait(60) == 0
                if done.returncode == 0:
                    break
            assert done.returncode == 0 and os.path.exists(P) == bool(name), (access, done)
            if not name:
                assert run("create", N, "1M").returncode == 0
    # A process that keeps it open or mapped uses it.
    assert run("resize", N, "2M").returncode == 0
    for access in ("open", "none", "read"):
        holder = held(60, access)
        try:
            for words in (("resize", N, "1M", "--shrink"), ("remove", "--unused", N)):
                refused = run(*words)
                assert refused.returncode == 75 and b"%d (python3)" % holder.pid in refused.stderr, refused
        finally:
            holder.kill()
            holder.wait()


# The control groups of the pages are found through a readable mapping.
def test_inspected_by_root():
    def fill():
        assert run("resize", N, "16M").returncode == run("fill", N, "--random", "--seed", "1").returncode == 0
    fill()
    watch = start("inspect", N, "--watch=50ms")
    try:
        line(watch.stdout)
        for words in (("resize", N, "1M", "--shrink"),) * 5 + (("remove", "--unused", N),):
            # On a busy machine it may last longer than the patience.
            tries = [run(*words)]
            while tries[-1].returncode != 0 and len(tries) < 5:
                tries.append(run(*words))
            assert tries[-1].returncode == 0, tries
            if words[0] == "resize":
                fill()
    finally:
        watch.kill()
        watch.wait()


def is_leased():
    inode = os.stat(P).st_ino if os.path.exists(P) else None
    with open("/proc/locks") as locks:
        return any("LEASE" in lock and f":{inode} " in lock for lock in locks)


# The program with a system call that takes longer.
def delayed(injection, *words):
    return subprocess.Popen(
        ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=" + injection.split(":")[0], "-e", "inject=" + injection,
         T, *words], stderr=subprocess.PIPE)


# A process that comes while the lease is held waits for its end, and then only inspects the region.
def test_inspected_late():
    # The fifth call takes the lease. On a busy machine this process may miss it, or it may last longer than the patience.
    for _ in range(10):
        if not os.path.exists(P):
            assert run("create", N, "1M").returncode == 0
        removal = delayed("fcntl:delay_exit=60000:when=5", "remove", "--unused", N)
        until(lambda: is_leased() or removal.poll() is not None)
        begin = time.monotonic()
        try:
            os.close(os.open(P, os.O_RDONLY))
        except FileNotFoundError:
            begin = time.monotonic()
        has_waited = time.monotonic() - begin > 0.01
        if removal.wait(60) == 0 and has_waited:
            break
    assert has_waited and removal.returncode == 0 and not os.path.exists(P), removal.stderr.read()


# A process that opens the region while it becomes smaller waits, and never has pages that are taken away.
def test_opened_meanwhile():
    # If this process opens it when the lease is not confirmed yet, the change is refused.
    for _ in range(10):
        assert run("resize", N, "2M").returncode == 0
        smaller = delayed("ftruncate:delay_enter=500000", "resize", N, "1M", "--shrink")
        until(lambda: is_leased() or smaller.poll() is not None)
        begin = time.monotonic()
        region = os.open(P, os.O_RDWR)
        has_waited = time.monotonic() - begin > 0.1
        seen = os.fstat(region).st_size
        code = smaller.wait(60)
        assert (code, seen) in ((0, 1 << 20), (75, 2 << 20)), (code, seen, smaller.stderr.read())
        assert os.fstat(region).st_size == seen, (code, seen)
        os.close(region)
        if code == 0 and has_waited:
            break
    assert code == 0 and has_waited, smaller.stderr.read()
    # Before the lease is taken, it is refused, or has happened when the other process sees the region.
    for call in (4, 5, 6, 7):
        assert run("resize", N, "2M").returncode == 0
        smaller = delayed(f"fcntl:delay_enter=300000:when={call}", "resize", N, "1M", "--shrink")
        time.sleep(0.2)
        region = os.open(P, os.O_RDWR)
        seen = os.fstat(region).st_size
        code = smaller.wait(60)
        assert (code, seen) in ((0, 1 << 20), (75, 2 << 20)), (call, code, seen, smaller.stderr.read())
        assert os.fstat(region).st_size == seen, (call, code, seen)
        os.close(region)


# Without write permission there is no lease for the change.
def test_read_only():
    assert run("resize", N, "2M").returncode == 0
    os.chmod(P, 0o400)
    result = run("resize", N, "1M", "--shrink")
    expected = (0, 1 << 20) if os.geteuid() == 0 else (77, 2 << 20)
    assert (result.returncode, os.stat(P).st_size) == expected, result


def test_many_used():
    names = [f"{N}-{number}" for number in range(40)]
    for name in names:
        assert run("create", name, "4K", "-q").returncode == 0
    opened = [os.open("/dev/shm/" + name, os.O_RDONLY) for name in names]
    try:
        begin = time.monotonic()
        refused = run("remove", "--unused", *names)
        assert refused.returncode == 75 and refused.stderr.count(b"python3") == len(names), refused
        # Each of them alone takes a quarter of a second.
        assert time.monotonic() - begin < 7, time.monotonic() - begin
        for file in opened:
            os.close(file)
        assert run("remove", "--unused", *names).returncode == 0
    finally:
        for name in names:
            if os.path.exists("/dev/shm/" + name):
                os.unlink("/dev/shm/" + name)


def test_bytes():
    before = allocated(P)
    first = subprocess.Popen(
        ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fallocate", "-e",
         "inject=fallocate:error=ENOSPC:delay_enter=4000000:when=2", T, "resize", N, "68M"],
        stderr=subprocess.PIPE)
    # The first part is reserved, and the second call waits.
    until(lambda: allocated(P) > before)
    # Not one of ours: it takes no lock.
    os.truncate(P, 128 << 20)
    assert run("fill", N, "--sequence").returncode == 0
    assert first.wait(60) == 79, first.stderr.read()
    assert run("verify", N, "--sequence").returncode == 0
    assert os.stat(P).st_size == 128 << 20


def test_ended():
    for number, code in ((signal.SIGTERM, -15), (signal.SIGKILL, -9)):
        for delay in (0.02, 0.05, 0.1):
            process = start("resize", N, "2G")
            time.sleep(delay)
            process.send_signal(number)
            if process.wait(60) == 0:
                assert run("resize", N, "1M", "--shrink").returncode == 0
                continue
            assert process.returncode == code, process.returncode
            if number == signal.SIGKILL:
                assert run("resize", N, "1M").returncode == 0
            status = os.stat(P)
            assert (status.st_size, status.st_blocks) == (1 << 20, 2048), (number, status)


def test_tail():
    file = os.open(P, os.O_RDWR)
    C = ctypes.CDLL(None, use_errno=True)
    C.mmap.restype = ctypes.c_void_p
    address = C.mmap(None, ctypes.c_size_t(4096), 3, 1, file, ctypes.c_long(0))
    ctypes.memset(address + 200, 7, 5)
    assert run("resize", N, "4096").returncode == 0
    assert run("verify", N, "--zero").returncode == 0


def test_grown():
    lock = os.open(P, os.O_RDWR)
    fcntl.lockf(lock, fcntl.LOCK_EX)
    process = start("resize", N, "1M", "--shrink")
    time.sleep(0.5)
    os.truncate(P, 8 << 20)
    fcntl.lockf(lock, fcntl.LOCK_UN)
    assert process.wait(30) == 75, process.stderr.read()
    assert os.stat(P).st_size == 8 << 20


def test_memory_after_end():
    with open(P, "r+b") as file:
        assert C.fallocate(file.fileno(), 1, ctypes.c_long(2 << 20), ctypes.c_long(1 << 20)) == 0
    assert os.stat(P).st_blocks == 2048
    assert run("resize", N, "2M").returncode == 0
    assert os.stat(P).st_blocks == 0
