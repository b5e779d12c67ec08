import collections
import ctypes
import os
import re
import signal
import subprocess
import time

from faults import C, sound
from support import allocated, line, N, P, run, start, stop, until


def test_mutated(words):
    import random
    words = [N if word == "%" else word for word in words.split()]
    most = 8 << 20
    with open(P, "wb") as file:
        file.truncate(most)
    seed = random.randrange(1 << 32)
    child = os.fork()
    if child == 0:
        choose, parent = random.Random(seed), os.getppid()
        file = os.open(P, os.O_RDWR)
        while os.getppid() == parent:
            time.sleep(choose.random() * 0.001)
            os.ftruncate(file, choose.choice([4096, most, choose.randrange(1, most)]))
            if choose.random() < 0.3:
                start = choose.randrange(most)
                C.fallocate(file, 3, ctypes.c_long(start), ctypes.c_long(most - start))
        os._exit(0)
    try:
        end, codes = time.monotonic() + 0.4, collections.Counter()
        while time.monotonic() < end or sum(codes.values()) < 3:
            options = {"input": b"x" * (1 << 20)} if words[0] == "write" or "-" in words else {}
            result = sound(run(*words, **options), "seed", seed)
            codes[result.returncode] += 1
            told = result.stderr.decode()
            if result.returncode == 65:
                # Only a range that no longer fits the region may be refused.
                assert "the input is longer than" in told or (
                    "--length" in words and "is beyond the end" in told), (seed, result)
            elif words[0] == "wire":
                assert result.returncode in (0, 74, 78, 79), (seed, result)
            elif words[0] == "resize":
                assert result.returncode in (0, 75), (seed, result)
            elif words[0] == "create":
                assert result.returncode in (0, 73), (seed, result)
            else:
                expected = (0, 74, 1) if words[0] == "verify" else (0, 74)
                assert result.returncode in expected, (seed, result)
            if result.returncode == 74:
                assert re.search("shrank|ends before|ends at|holds", told), (seed, told)
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def test_stays():
    import random
    seed = random.randrange(1 << 32)
    choose, codes = random.Random(seed), collections.Counter()
    for round in range(24):
        with open(P, "wb") as file:
            file.truncate(48 << 20)
        if round % 4 == 3:
            process = start("write", N, "/dev/zero", "-q")
        else:
            process = start("fill", N, "--random", "--threads", str(1 + round % 2), "-q")
        until(lambda: allocated(P) > 0 or process.poll() is not None)
        time.sleep(choose.random() * 0.008)
        size = choose.randrange(1, 1 << 20)
        os.truncate(P, size)
        out, err = process.communicate(timeout=30)
        codes[process.returncode] += 1
        assert process.returncode in (0, 74, 65), (seed, process.returncode, err)
        now = os.stat(P).st_size
        assert now == size, (seed, round, process.returncode, now, size)
        os.unlink(P)
    assert codes[74] > 2, codes


def test_replaced():
    assert run("fill", N, "--byte", "65", "-q").returncode == 0
    reader = ["map", N, "--", "sh", "-c", "read line; cat <&3 | tr -d A | wc -c"]
    def shared(change):
        process = start(*reader, stdin=subprocess.PIPE)
        until(lambda: b"/dev/shm/" + N.encode() in open(f"/proc/{process.pid}/maps", "rb").read())
        change()
        out, err = process.communicate(b"\n", timeout=30)
        assert process.returncode == 0, (process.returncode, err)
        return int(out)
    assert shared(lambda: os.unlink(P)) == 0
    assert run("create", N, "64K", "-q").returncode == 0
    assert run("fill", N, "--byte", "65", "-q").returncode == 0
    def replace():
        with open(P + "-new", "wb") as file:
            file.write(b"B" * 100)
        os.rename(P + "-new", P)
    assert shared(replace) == 0
    assert open(P, "rb").read() == b"B" * 100
    def punch():
        file = os.open(P, os.O_RDWR)
        os.ftruncate(file, 65536)
        C.fallocate(file, 3, ctypes.c_long(0), ctypes.c_long(65536))
        os.close(file)
    assert shared(punch) == 65536, "a hole reads as zeros"
    assert shared(lambda: os.truncate(P, 0)) == 0


def test_unused(users):
    holders = [start("map", N) for _ in range(int(users))]
    for holder in holders:
        line(holder.stdout)
    for holder in holders:
        result = run("remove", "--unused", N)
        assert result.returncode == 75 and os.path.exists(P), result
        assert re.search(rf"process {holder.pid} [(].+[)] uses it", result.stderr.decode()) or len(holders) > 1
        result = run("resize", N, "4K", "--shrink")
        assert result.returncode == 75 and os.stat(P).st_size == 65536, result
        stop(holder)
    # Another one at the name, which the holder does not have, is free to go.
    holder = start("map", N)
    line(holder.stdout)
    with open(P + "-new", "wb") as file:
        file.truncate(8192)
    os.rename(P + "-new", P)
    result = run("remove", "--unused", N)
    assert result.returncode == 0 and not os.path.exists(P), result
    assert holder.poll() is None
    stop(holder)
