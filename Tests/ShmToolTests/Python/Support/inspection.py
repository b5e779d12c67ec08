"""The states of pages, as `inspect` and the kernel's tables show them."""
import ctypes
import json
import os
import struct

from support import P, run
from wiring import libc, PAGE


def report(*words, **options):
    result = run("inspect", *words, "--json", **options)
    assert (result.returncode, result.stderr) == (0, b""), result
    return json.loads(result.stdout)


def inspected(*words, **options):
    [region] = report(*words, **options)["regions"]
    return region


# The state and the marks of each page.
def pagewise(region):
    found, end = [], 0
    for one in region["runs"]:
        assert one["offset"] == end and one["length"] > 0, one
        end += one["length"]
        count = one["length"] // region["page_size"]
        marks = [k for k in ("wired", "huge", "dirty") if one["is_" + k]]
        frames = {}
        for piece in one["frames"] or []:
            for page in range(piece["length"] // PAGE):
                frames[piece["offset"] // PAGE + page] = piece["frame"] + page
        for page in range(count):
            frame = frames.pop((one["offset"] + page * region["page_size"]) // PAGE, None)
            found.append((" ".join([one["state"], *marks]), frame))
        assert region["page_size"] != PAGE or not frames, (one, frames)
    assert end == -(-region["size"] // region["page_size"]) * region["page_size"], region
    return found


def states(region):
    return [state for state, _ in pagewise(region)]


def address(memory):
    return ctypes.addressof(ctypes.c_char.from_buffer(memory))


def lock(memory, first, count):
    assert libc.mlock(ctypes.c_void_p(address(memory) + first * PAGE),
                      ctypes.c_size_t(count * PAGE)) == 0, "cannot lock"


# What the kernel shows of each page of a mapping, by its own tables.
def entry(at):
    with open("/proc/self/pagemap", "rb", buffering=0) as file:
        file.seek(at // PAGE * 8)
        return struct.unpack("Q", file.read(8))[0]


def flags(frame):
    with open("/proc/kpageflags", "rb", buffering=0) as file:
        file.seek(frame * 8)
        return struct.unpack("Q", file.read(8))[0]


def region_of(size):
    file = os.open(P, os.O_RDWR | os.O_CREAT, 0o600)
    os.ftruncate(file, size)
    return file
