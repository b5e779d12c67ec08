"""F, a file on a disk, which is removed afterwards, and its pages in the page cache."""
import atexit
import ctypes
import os
import sys

from copying import libc
from support import N

# The directory is the first argument of the test, and belongs to this module.
F = f"{sys.argv.pop(2)}/{N}"


def end_file():
    if os.path.exists(F):
        os.unlink(F)


atexit.register(end_file)


def write(content):
    with open(F, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def uncache():
    with open(F, "rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


# The pages of it that are in the cache, by cachestat(2).
def cached():
    with open(F, "rb+") as file:
        answer = (ctypes.c_uint64 * 5)()
        whole = (ctypes.c_uint64 * 2)()
        assert libc.syscall(451, file.fileno(), whole, answer, 0) == 0
        return answer[0]
