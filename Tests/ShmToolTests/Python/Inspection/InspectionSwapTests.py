import ctypes
import mmap
import os
import struct

from inspection import address, inspected, lock, region_of, states
from support import allocated, N, P, run
from wiring import libc, PAGE


def test_mixed():
    pages = 2048
    file = region_of(pages * PAGE)
    os.posix_fallocate(file, 1536 * PAGE, 256 * PAGE)
    memory = mmap.mmap(file, pages * PAGE)
    for page in range(1024):
        memory[page * PAGE:page * PAGE + 8] = struct.pack("Q", page * 2654435761 + 1)
    isRoot = os.geteuid() == 0
    if isRoot:
        lock(memory, 100, 50)
    # MADV_PAGEOUT of the unlocked pages.
    for first, count in ((0, 100), (150, 874)):
        memory.madvise(21, first * PAGE, count * PAGE)
    def resident():
        vector = (ctypes.c_ubyte * pages)()
        libc.mincore(ctypes.c_void_p(address(memory)), ctypes.c_size_t(pages * PAGE), vector)
        return [byte & 1 for byte in vector]
    before, blocks = resident(), allocated(P)
    assert sum(before[:1024]) < 900, "the kernel has paged nothing out"
    region = inspected(N, "--pages")
    found = states(region)
    for page in range(pages):
        if page < 1024:
            word = "resident" if before[page] else "swapped"
            if isRoot and 100 <= page < 150:
                word = "resident wired"
        else:
            word = "reserved" if 1536 <= page < 1792 else "hole"
        assert found[page] == word, (page, found[page], word)
    counts = region["pages"]
    assert counts["swapped"] == PAGE * (1024 - sum(before)), counts
    assert counts["resident"] == PAGE * sum(before), counts
    assert counts["reserved"] == 256 * PAGE and counts["hole"] == 768 * PAGE, counts
    assert counts["allocated"] == blocks, counts
    for words in ((N,), (N, "--pages"), ("--pid", str(os.getpid()))):
        run("inspect", *words)
        assert (resident(), allocated(P)) == (before, blocks), words
