# Commands that take memory, each at several sizes in a memory group of 32 MiB. What the group has no
# room for is refused with figures before anything is charged; nothing ends by the kernel's OOM killer.
import os
import subprocess
import sys

from support import N, P, run, T
from wiring import create, Group, M

LIMIT = 32
SIZES = (8, 26, 30, 31, 64)
DISK = f"/var/tmp/{N}.file"


def inside(*words, **options):
    return run(*words, preexec_fn=group.enter(), **options)


# A file on a disk, of which the first MiB are cached, charged to the group or to the one above.
def disk(size, cached=0, charged=True):
    with open(DISK, "wb") as file:
        for _ in range(size):
            file.write(b"x" * M)
        file.flush()
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    if cached:
        subprocess.run(
            ["dd", "if=" + DISK, "of=/dev/null", "bs=1M", f"count={cached}", "status=none"],
            preexec_fn=group.enter() if charged else None, check=True)


def sparse(size):
    create(N, f"{size}M", "--sparse")


def wire(*words):
    return inside("wire", *words, "-q", "--for", "0")


def create_region(size):
    return inside("create", N, f"{size}M")


def create_wired(size):
    return inside("create", N, f"{size}M", "--wired", "--", "true")


def create_from_file(size):
    disk(size)
    return inside("create", N, "--from", DISK)


def create_from_file_sparse(size):
    disk(size)
    return inside("create", N, "--from", DISK, "--sparse")


def create_from_stream(size):
    return inside("create", N, "--from", "-", input=bytes(size * M))


def create_direct(size):
    disk(size)
    return inside("create", N, "--from", DISK, "--direct")


def resize(size):
    create(N, "1M")
    return inside("resize", N, f"{size + 1}M")


def map_populate(size):
    sparse(size)
    return inside("map", N, "--populate", "--", "true")


def map_populate_read_only(size):
    sparse(size)
    return inside("map", N, "--populate", "--read-only", "--", "true")


def map_populate_private(size):
    create(N, f"{size}M")
    return inside("map", N, "--populate", "--private", "--", "true")


def map_populate_two(size):
    create(N, f"{size // 2}M", "--sparse")
    create(N + "-x", f"{size - size // 2}M", "--sparse")
    return inside("map", N, N + "-x", "--populate", "--", "true")


def map_anonymous(size):
    return inside("map", "--anonymous", f"{size}M", "--", "true")


def fill_holes(size):
    sparse(size)
    return inside("fill", N, "--byte", "7")


def fill_from_file(size):
    sparse(size)
    disk(size)
    return inside("fill", N, "--file", DISK)


def write_stream(size):
    sparse(size)
    return inside("write", N, input=bytes(size * M))


def copy_to_region(size):
    sparse(size)
    disk(size)
    return inside("copy", "file:" + DISK, N)


def copy_to_region_direct(size):
    sparse(size)
    disk(size)
    return inside("copy", "file:" + DISK, N, "--direct")


def copy_stream_to_region(size):
    sparse(size)
    return inside("copy", "-", N, input=bytes(size * M))


def copy_to_file_in_memory(size):
    disk(size)
    return inside("copy", "file:" + DISK, "file:" + P)


def read_to_file_in_memory(size):
    create(N, f"{size}M")
    assert run("fill", N, "--byte", "1").returncode == 0
    return inside("read", N, "--output", P + "-x")


def receive_into_memory(size):
    sender = subprocess.Popen(
        [T, "send", N, "-q"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL)
    receiver = subprocess.Popen(
        [T, "recv", N, "-q", "--output", P], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, preexec_fn=group.enter())
    try:
        sender.communicate(bytes(size * M), timeout=60)
    except BrokenPipeError:
        pass
    told = receiver.stderr.read()
    return subprocess.CompletedProcess([], receiver.wait(60), b"", told)


def wire_holes(size):
    sparse(size)
    return wire(N)


def wire_parts(size):
    sparse(size)
    return wire(N, "--range", f"0+{size // 2}M", "--range", f"{size // 2}M:")


def wire_file(size):
    disk(size)
    return wire(DISK)


def wire_file_half_cached(size):
    disk(size, size // 2)
    return wire(DISK)


def wire_file_nearly_cached(size):
    disk(size, size - 2)
    return wire(DISK)


def wire_file_cached(size):
    disk(size, size)
    return wire(DISK)


def wire_file_cached_elsewhere(size):
    disk(size, size, False)
    return wire(DISK)



command = globals()[sys.argv[2]]
codes = {}
for size in SIZES:
    with Group(LIMIT * M) as group:
        try:
            result = codes[size] = command(size)
            error = result.stderr.decode()
            assert result.returncode in (0, 78, 79), (size, result)
            if result.returncode:
                assert f"{group.path} leaves " in error and " MiB" in error, (size, error)
                assert error.startswith("shmtool: cannot ") and error.count("\n") == 1, error
                # An input of unknown length is charged until its end cannot be held any more.
                if "stream" not in command.__name__ and command is not receive_into_memory:
                    used = int(open(group.place + "/" + group.used).read())
                    assert used < 8 * M or DISK and os.path.exists(DISK), (size, used)
                for name in (P, P + "-x"):
                    if os.path.exists(name) and "private" not in command.__name__ \
                            and "stream" not in command.__name__ and os.stat(name).st_blocks:
                        assert command in (resize, read_to_file_in_memory), (size, name)
        finally:
            for path in (P, P + "-x", DISK):
                if os.path.exists(path):
                    os.unlink(path)
told = {size: result.returncode for size, result in codes.items()}
# Every size below one border is possible, and every size above it is refused.
assert told[8] == told[26] == 0, (told, codes[26])
border = [size for size in SIZES if told[size]]
if command is wire_file_cached_elsewhere:
    # It is charged to the group above.
    assert not border, (told, codes)
else:
    assert border == [size for size in SIZES if size >= border[0]] and border[0] <= 32, told
