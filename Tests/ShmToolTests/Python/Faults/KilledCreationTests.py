import collections
import os
import stat

from faults import calls, free, private, traced
from support import N, P, run


def test_everywhere(*arguments):
    private("-t", "tmpfs", "-o", "size=16M", "tmpfs", "/dev/shm")
    words = ["create", N, *arguments]
    points = calls(*words, input=b"hello" * 1000)
    whole, mode = open(P, "rb").read(), os.stat(P).st_mode
    os.unlink(P)
    empty, seen = free(), collections.Counter()
    for name, number in points:
        result = traced(f"{name}:signal=KILL:when={number}", *words, input=b"hello" * 1000)
        assert result.returncode in (-9, 137) or name in ("read", "close"), (name, result)
        left = os.listdir("/dev/shm")
        assert left in ([], [N]), (name, number, left)
        seen[len(left)] += 1
        if left:
            assert open(P, "rb").read() == whole and os.stat(P).st_mode == mode, (name, number)
            os.unlink(P)
        assert free() == empty, (name, number, free(), empty)
    assert seen[0] > 10 and seen[1] >= 3, seen


def test_fallback():
    private("-t", "tmpfs", "-o", "size=16M", "tmpfs", "/dev/shm")
    refused = ["linkat:error=EPERM"]
    points = calls("create", N, "64K", injections=refused)
    os.unlink(P)
    seen = collections.Counter()
    for name, number in points:
        if name == "linkat":
            continue
        traced([*refused, f"{name}:signal=KILL:when={number}"], "create", N, "64K")
        left = os.listdir("/dev/shm")
        assert left in ([], [N]), (name, number, left)
        status = os.stat(P) if left else None
        mode = stat.S_IMODE(status.st_mode) if left else None
        if mode == 0o600:
            assert (status.st_size, status.st_blocks) == (65536, 128), (name, number, status)
        else:
            assert mode in (None, 0), (name, number, status)
        seen[mode] += 1
        if left:
            # The name that stays is reported as existing, and remove removes it.
            assert run("create", N, "64K").returncode == 73
            assert run("remove", N).returncode == 0
    assert seen[None] > 10 and seen[0] > 3 and seen[0o600] > 3, seen
