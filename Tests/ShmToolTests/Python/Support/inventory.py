"""What `list` shows, and objects of every kind for it to show."""
import atexit
import ctypes
import json
import mmap
import os

from faults import C
from support import run

PAGE = mmap.PAGESIZE
ROOT = os.geteuid() == 0
ME = os.getpid()


def report(*words, **options):
    result = run("list", "--json", *words, **options)
    assert result.returncode == 0 and not result.stderr, result
    return json.loads(result.stdout)


def rows(*words, **options):
    return report(*words, **options)["regions"]


def row(found=None, **wanted):
    found = rows() if found is None else found
    matching = [r for r in found if all(r[key] == value for key, value in wanted.items())]
    assert len(matching) == 1, (wanted, matching)
    return matching[0]


# Without another test's list, which may have it open for a moment to look at it.
def users(row):
    return [user["pid"] for user in row["users"] if user["command"] != "shmtool"]


def memfd(name, size, flags=os.MFD_ALLOW_SEALING):
    file = os.memfd_create(name, flags)
    os.ftruncate(file, size)
    return file


# By hand: Python's own keeps a descriptor of the file.
C.mmap.restype = ctypes.c_void_p
C.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]


def mapped(file, size, sharing=mmap.MAP_SHARED):
    address = C.mmap(None, size, mmap.PROT_READ | mmap.PROT_WRITE, sharing, file, 0)
    assert address not in (None, ctypes.c_void_p(-1).value), os.strerror(ctypes.get_errno())
    return address


C.shmat.restype = ctypes.c_void_p
C.shmat.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_int]


def segment(size, attach=True):
    number = C.shmget(0, ctypes.c_size_t(size), 0o1600)
    assert number >= 0, os.strerror(ctypes.get_errno())
    atexit.register(C.shmctl, number, 0, None)
    return number, C.shmat(number, None, 0) if attach else None
