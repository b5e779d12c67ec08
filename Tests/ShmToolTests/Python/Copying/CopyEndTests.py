import atexit
import ctypes
import os
import subprocess
import time

from support import N, P, run, start, stop, T, until


def test_overlap():
    data = os.urandom(4 << 20)
    open(P, "r+b").write(data)
    holder = start("map", N)
    address = int(holder.stdout.readline().split()[0], 16)
    for ends in ((f"{holder.pid}@{address:#x}", N + "@4096"),
                 (N, f"{holder.pid}@{address + 4096:#x}"), ("-", N + "@1M")):
        with open(P, "rb") as file:
            result = subprocess.run([T, "copy", *ends, "--length", "1500K"], stdin=file,
                                    capture_output=True, timeout=60)
        assert result.returncode == 65 and b"overlap" in result.stderr, (ends, result)
    assert open(P, "rb").read() == data
    # What lies apart is copied.
    assert run("copy", f"{holder.pid}@{address:#x}", N + "@1M", "--length", "1M").returncode == 0
    assert open(P, "rb").read()[:2 << 20] == data[:1 << 20] * 2
    stop(holder)


def test_files():
    F = P + ".file"
    atexit.register(lambda: [os.path.exists(x) and os.unlink(x) for x in (F, F + ".2")])
    open(F, "wb").write(b"old")
    assert run("copy", "-", "file:" + F).returncode == 0 and os.path.getsize(F) == 0
    os.unlink(F)
    assert run("copy", "-", "file:" + F).returncode == 0 and os.path.getsize(F) == 0
    os.unlink(F)
    # A path without the word is a region's. The message says so for TO, and not for FROM.
    hint = b"to write an ordinary file, use file:PATH"
    result = run("copy", N, F)
    assert result.returncode == 66 and hint in result.stderr and not os.path.exists(F), result
    result = run("copy", F, N)
    assert result.returncode == 66 and hint not in result.stderr, result
    # Given its name while the copy waits for its first byte, and then failing.
    reader, writer = os.pipe()
    copy = start("copy", "-", "file:" + F, "--length", "10", stdin=reader)
    until(lambda: os.path.exists(F))
    open(F + ".2", "wb").write(b"precious")
    os.rename(F + ".2", F)
    os.close(writer)
    assert copy.wait(20) == 74 and open(F, "rb").read() == b"precious"


def test_last_page():
    B = P + "-b"
    open(B, "wb").close()
    atexit.register(lambda: os.unlink(B))
    os.truncate(B, (1 << 63) - 1)
    open(P, "r+b").write(b"abcde" * 10)
    for offset in ((1 << 63) - 808, (1 << 63) - 4096, (1 << 63) - 4097):
        result = run("copy", N, f"{N}-b@{offset}", "--length", "50")
        assert result.returncode == 0, result
        with open(B, "rb") as file:
            assert os.pread(file.fileno(), 50, offset) == b"abcde" * 10


def test_refused():
    import threading
    F = P + ".fifo"
    os.mkfifo(F)
    atexit.register(lambda: os.unlink(F))
    for ends in ((N, "file:" + F), ("file:" + F, N)):
        assert run("copy", *ends, "--direct").returncode == 65
    thread = threading.Thread(target=lambda: time.sleep(5), daemon=True)
    thread.start()
    result = run("copy", f"{thread.native_id}@0x1000", N)
    assert result.returncode == 66 and b"a thread" in result.stderr, result


def test_ages():
    file = os.memfd_create("shmtool-test-age")
    os.write(file, b"x")
    class Time(ctypes.Structure):
        _fields_ = [("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long)]
    C = ctypes.CDLL(None)
    for seconds in (-2 ** 63, 2 ** 63 - 1, 0):
        C.futimens(file, (Time * 2)(Time(seconds, 0), Time(seconds, 0)))
        for words in (["list"], ["list", "--json"], ["list", "--kind", "memfd", "--sort", "age"],
                      ["remove", "--stale"], ["inspect", f"pid:{os.getpid()}:{file}"]):
            result = run(*words)
            assert result.returncode == 0, (seconds, words, result)
