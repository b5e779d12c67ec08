import atexit
import json
import os
import subprocess
import sys
import tempfile

from faults import sound, traced
from support import N, P, run, start


def test_crash(kind):
    from device import crash, D, make
    make("400M", 320 << 20)
    data = os.urandom(3 << 20)
    with open(P, "r+b") as file:
        file.write(data)
    def receive(path, *words):
        receiver = start("recv", N, "--output", path, *words)
        sender = start("send", N, "-q", stdin=subprocess.PIPE)
        sender.communicate(data, timeout=60)
        told = receiver.communicate(timeout=60)
        assert (sender.returncode, receiver.returncode) == (0, 0), told
        return told[1]
    def read(path, *words):
        return run("read", N, "--output", path, *words).stderr
    def copy(path, *words):
        return run("copy", N, "file:" + path, *words).stderr
    for label, command in (("recv", receive), ("read", read), ("copy", copy)):
        for old in (None, b"old"):
            for words in ([], ["--no-sync"]):
                path = f"{D}/{label}-{old}-{len(words)}"
                if old:
                    with open(path, "wb") as file:
                        file.write(old)
                        os.fsync(file.fileno())
                    place = os.open(D, os.O_RDONLY)
                    os.fsync(place)
                    os.close(place)
                said = command(path, *words)
                assert (b", not synced" if words else b", synced") in said, said
                assert open(path, "rb").read() == data
                crash()
                found = open(path, "rb").read() if os.path.exists(path) else None
                assert (found == data) != bool(words), (label, old, words, found and len(found))
    assert not [x for x in os.listdir(D) if x.startswith(".")], os.listdir(D)


def test_full(kind):
    from device import D, make
    make("24M", 128 << 20, "-O", "^has_journal")
    for path in (D + "/kept", D + "/second"):
        with open(path, "wb") as file:
            file.write(b"old")
            os.fsync(file.fileno())
    with open(P, "r+b") as file:
        file.write(os.urandom(40 << 20))
    result = run("read", N, "--output", D + "/kept")
    assert result.returncode == 74 and b"cannot write" in result.stderr, result
    assert open(D + "/kept", "rb").read() == b"old"
    receiver = start("recv", N, "--output", D + "/second")
    sender = start("send", N, P)
    assert (receiver.wait(60), sender.wait(60)) == (74, 76), receiver.stderr.read()
    assert open(D + "/second", "rb").read() == b"old"
    result = run("copy", N, "file:" + D + "/third")
    assert result.returncode == 74, result


def test_failures():
    base = tempfile.mkdtemp(prefix=N, dir="/var/tmp")
    atexit.register(lambda: subprocess.run(["rm", "-rf", base]))
    path = base + "/file"
    if os.stat(base).st_dev == os.stat("/dev/shm").st_dev:
        sys.exit(0)
    for number, reason in (("EIO", b"input/output error"), ("ENOSPC", b"no space"), ("EDQUOT", b"quota")):
        with open(path, "wb") as file:
            file.write(b"old")
        result = sound(traced(f"fsync:error={number}:when=1", "read", N, "--output", path))
        assert result.returncode == 74 and reason in result.stderr, result
        assert open(path, "rb").read() == b"old"
        result = sound(traced(f"fsync:error={number}:when=2", "read", N, "--output", path))
        assert result.returncode == 74 and b"complete and in place" in result.stderr, result
        assert os.path.getsize(path) == 65536 and os.listdir(base) == ["file"]
        result = sound(traced(f"fsync:error={number}:when=1", "copy", N, "file:" + path))
        assert result.returncode == 74, result
    # Refused by a sandbox, write-back in steps is left out.
    result = traced("sync_file_range:error=ENOSYS", "read", N, "--output", path)
    assert result.returncode == 0 and b", synced" in result.stderr, result
    # What lies in memory is not waited for.
    result = traced("fsync:error=EIO", "read", N, "--output", P + ".out", "--json")
    os.unlink(P + ".out")
    assert result.returncode == 0 and json.loads(result.stdout)["synced"] is None, result
