import ctypes
import os
import re

from faults import C
from inventory import mapped, ME, memfd, PAGE, row
from support import run, until


def test_states():
    label = f"shmtool-test-{ME}-swap"
    size = 64 * PAGE
    file = memfd(label, size)
    os.posix_fallocate(file, 0, 32 * PAGE)
    address = mapped(file, size)
    # Eight pages that go, four that stay, twenty that are reserved only.
    ctypes.memset(address, 7, 12 * PAGE)
    C.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    def out():
        assert C.madvise(address, 8 * PAGE, 21) == 0
        return row(name=label)["swapped"] == 8 * PAGE
    until(out)
    first = row(name=label)
    assert (first["allocated"], first["resident"]) == (32 * PAGE, 4 * PAGE), first
    shown = run("list", "--kind", "memfd", "--output", "name,swapped", "--bytes").stdout.decode()
    assert re.search(f"{label} +{8 * PAGE}\n", shown), shown
    second = row(name=label)
    assert second == dict(first, age_seconds=second["age_seconds"]), (first, second)
