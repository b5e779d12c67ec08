"""What the tests of copies use."""
import ctypes
import json
import mmap
import os

from support import run

import hashlib, random as numbers, types
libc = ctypes.CDLL(None, use_errno=True)
# Where Yama restricts, only those who descend from this one may look into it, and the tool does
# the other way round.
libc.prctl(0x59616d61, ctypes.c_ulong(-1 & 0xffffffffffffffff), 0, 0, 0)
kept = []


def good(*words, **options):
    result = run(*words, **options)
    assert result.returncode == 0, (words, result)
    return result


# One that fails with a code and one sentence.
def bad(code, *words, **options):
    result = run(*words, **options)
    error = result.stderr.decode()
    assert result.returncode == code, (code, words, result)
    if "--json" in words:
        error, last = error.rstrip("\n").rpartition("\n")[::2]
        assert json.loads(last)["error"]["exit_status"] == code, (words, last)
        error += "\n"
    assert error.startswith("shmtool: ") and error.count("\n") == 1, (words, error)
    return types.SimpleNamespace(stdout=result.stdout, error=error)


def anonymous(size):
    memory = mmap.mmap(-1, size)
    kept.append(ctypes.c_char.from_buffer(memory))
    return memory, ctypes.addressof(kept[-1])


def place(address):
    return f"{os.getpid()}@{address:#x}"


def random(size):
    return numbers.Random(size).randbytes(size)


def digest(content):
    return hashlib.sha256(content).hexdigest()
