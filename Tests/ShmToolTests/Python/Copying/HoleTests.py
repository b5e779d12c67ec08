import atexit
import json
import os
import random as numbers
import resource
import subprocess
import tempfile

from copying import good, random
from support import allocated, N, P, run

K, M, T = 1 << 10, 1 << 20, 1 << 40
# Data at the beginning, within a page, across pages, and at the end; a page of zeros is data.
PLACES = {0: random(10), 5 * M + 77: random(3), 9 * M - 5: random(12 * K), 16 * M: bytes(4 * K),
          32 * M - 1: b"e"}


def remove():
    for name in (P + "-o", P + "-p"):
        if os.path.exists(name):
            os.unlink(name)


atexit.register(remove)


def sparse(path, size=32 * M, places=PLACES):
    with open(path, "wb") as file:
        file.truncate(size)
        for place, data in places.items():
            file.seek(place)
            file.write(data)


def same(one, other):
    return subprocess.run(["cmp", one, other], capture_output=True).returncode == 0


def create(name, size, *words):
    good("create", name, str(size), "-q", *words)
    return "/dev/shm/" + name


def keeps_holes(directory):
    with tempfile.TemporaryFile(dir=directory) as file:
        file.truncate(M)
        return os.lseek(file.fileno(), 0, os.SEEK_HOLE) == 0


def test_files():
    sparse(P)
    with tempfile.TemporaryDirectory() as directory:
        if not keeps_holes(directory):
            return
        path = directory + "/copy"
        to = "file:" + path
        for old in (None, b"", random(M), random(40 * M)):
            if old is not None:
                with open(path, "wb") as file:
                    file.write(old)
            good("copy", N, to, "-q", "--verify")
            assert same(P, path), old and len(old)
            assert os.stat(path).st_blocks * 512 <= 128 * K, os.stat(path)
        # A part of a file: what surrounds it stays.
        before = random(40 * M)
        with open(path, "wb") as file:
            file.write(before)
        good("copy", N + "@1M", to + "@3M", "--length", "20M", "-q", "--verify")
        with open(path, "rb") as file, open(P, "rb") as region:
            region.seek(M)
            assert file.read() == before[:3 * M] + region.read(20 * M) + before[23 * M:]
        # Beyond the end of a file: it ends after the copy, also if a hole is last, or all is a hole.
        for place, length in (("1M", "8M"), ("3M", "1M"), ("0", "6M")):
            with open(path, "wb") as file:
                file.write(b"short")
            good("copy", f"{N}@{place}", to + "@2M", "--length", length, "-q", "--verify")
            with open(path, "rb") as file, open(P, "rb") as region:
                region.seek(int(place.rstrip("M")) * M)
                want = b"short".ljust(2 * M, b"\0") + region.read(int(length.rstrip("M")) * M)
                assert file.read() == want, place
            assert os.stat(path).st_blocks * 512 <= 128 * K, os.stat(path)
        # Back into a region, and as the contents of a new one.
        good("copy", N, to, "-q")
        other = create(N + "-o", "32M", "--sparse")
        good("copy", to, N + "-o", "-q", "--verify")
        assert same(P, other) and allocated(other) <= 64 * K, allocated(other)
        os.unlink(other)
        good("create", N + "-o", "--sparse", "--from", path, "-q")
        assert same(P, other) and allocated(other) <= 64 * K, allocated(other)
        os.unlink(other)
        good("create", N + "-o", "--from", path, "-q")
        assert same(P, other) and allocated(other) == 32 * M, allocated(other)
        with open(path, "rb") as file:
            file.seek(4 * M)
            good("create", N + "-p", "--sparse", "--from", "-", "-q", stdin=file)
            assert file.tell() == 32 * M
        with open(path, "rb") as file, open("/dev/shm/" + N + "-p", "rb") as part:
            file.seek(4 * M)
            assert file.read() == part.read()
        assert allocated("/dev/shm/" + N + "-p") <= 64 * K


def test_regions():
    sparse(P)
    other = create(N + "-o", "32M", "--sparse")
    good("copy", N, N + "-o", "-q", "--verify")
    assert same(P, other) and allocated(other) <= 64 * K, allocated(other)
    # Over data: zeros, and nothing more is allocated. What is reserved stays reserved.
    os.unlink(other)
    create(N + "-o", "32M")
    good("fill", N + "-o", "--random", "--offset", "4M", "--length", "8M", "-q")
    good("copy", N, N + "-o", "-q", "--verify")
    assert same(P, other) and allocated(other) == 32 * M, allocated(other)
    os.unlink(other)
    create(N + "-o", "32M", "--sparse")
    good("fill", N + "-o", "--random", "--offset", "4M", "--length", "8M", "-q")
    good("copy", N, N + "-o", "-q", "--verify")
    assert same(P, other) and allocated(other) <= 8 * M + 64 * K, allocated(other)
    # The input of write.
    good("fill", N + "-o", "--random", "-q", "--offset", "1M", "--length", "2M")
    with open(P, "rb") as file:
        good("write", N + "-o", "-q", stdin=file)
    assert same(P, other) and allocated(other) <= 10 * M + 64 * K, allocated(other)
    # To a pipe the zeros are sent.
    result = run("copy", N, "-")
    with open(P, "rb") as file:
        assert result.stdout == file.read()
    os.unlink(other)


def test_huge():
    far = {0: b"a", 3 * T: random(5000), 8 * T - 1: b"z"}
    sparse(P, 8 * T, far)
    other = create(N + "-o", "8T", "--sparse")
    cost = resource.getrusage(resource.RUSAGE_CHILDREN)
    report = json.loads(good("copy", N, N + "-o", "--verify", "--json").stdout)
    assert report["length"] == 8 * T and report["equal"], report
    assert allocated(other) == allocated(P), allocated(other)
    with tempfile.TemporaryDirectory() as directory:
        if keeps_holes(directory):
            path = directory + "/copy"
            good("copy", f"{N}@{3 * T - M}", "file:" + path, "--length", "2T", "-q", "--verify")
            assert os.path.getsize(path) == 2 * T and os.stat(path).st_blocks < 128
            os.unlink(other)
            good("create", N + "-o", "--sparse", "--from", path, "-q")
            assert os.path.getsize(other) == 2 * T and allocated(other) <= 16 * K
            # Without --sparse all of it needs memory.
            result = run("create", N + "-p", "--from", path)
            assert result.returncode == 79 and not os.path.exists(P + "-p"), result
    # The first byte is not zero, nor is the last.
    result = run("verify", N, "--zero")
    assert result.returncode == 1 and b"first at offset 0, " in result.stderr, result
    with open(P, "r+b") as file:
        file.write(b"\0")
    result = run("verify", N, "--zero", "--offset", str(3 * T + 5000))
    assert result.returncode == 1 and f"first at offset {8 * T - 1}, 1 of ".encode() in result.stderr, result
    good("verify", N, "--zero", "--length", "3T", "-q")
    now = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = now.ru_utime + now.ru_stime - cost.ru_utime - cost.ru_stime
    assert spent < 20, spent
    os.unlink(other)


def layout(path, size, choice):
    """A file of holes, data, zeros and reserved memory, and its contents."""
    contents = bytearray(size)
    with open(path, "wb") as file:
        file.truncate(size)
        for _ in range(choice.randrange(6)):
            start = choice.randrange(size)
            data = random(min(size - start, choice.choice([1, 10, 4096, 5000, 70_000, 300_000])))
            data = data if choice.random() < 0.8 else bytes(len(data))
            file.seek(start)
            file.write(data)
            contents[start:start + len(data)] = data
        if choice.random() < 0.3:
            start = choice.randrange(size)
            os.posix_fallocate(file.fileno(), start, min(size - start, 100_000))
    return contents


def test_model(seed):
    choice = numbers.Random(int(seed))
    with tempfile.TemporaryDirectory() as directory:
        for _ in range(40):
            size = choice.choice([1, 4095, 4096, 100_000, M, M + 77, 3 * M])
            source, path = choice.choice([(N, P), ("file:" + directory + "/in", directory + "/in")])
            contents = layout(path, size, choice)
            start = choice.choice([0, choice.randrange(size)])
            target, out = choice.choice([(N + "-o", P + "-o"),
                                         ("file:" + directory + "/out", directory + "/out")])
            old = layout(out, choice.choice([size, 4 * M]), choice)
            place = choice.choice([0, choice.randrange(len(old))])
            length = choice.randrange(1, min(size - start, len(old) - place) + 1)
            if target != N + "-o" and choice.random() < 0.5:
                place, length = place + choice.randrange(M), size - start
            words = ("copy", f"{source}@{start}", f"{target}@{place}", "--length", str(length))
            good(*words, "-q", "--no-sync", "--verify")
            old += bytes(max(0, place + length - len(old)))
            old[place:place + length] = contents[start:start + length]
            with open(out, "rb") as file:
                assert file.read() == old, (seed, words)
