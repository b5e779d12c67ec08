import fcntl
import json
import mmap
import os

from support import run


def test_memory_file():
    file = os.memfd_create("shmtool-test", os.MFD_ALLOW_SEALING)
    os.ftruncate(file, 8192)
    me = f"pid:{os.getpid()}:{file}"
    result = run("seal", me, "shrink,grow")
    assert result.returncode == 0 and result.stdout == b"", result
    assert result.stderr.decode() == f"sealed '{me}': shrink, grow\n", result
    assert fcntl.fcntl(file, fcntl.F_GET_SEALS) == fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW
    result = run("seal", me, "write", "seal", "--json")
    assert result.returncode == 0 and result.stderr == b"", result
    report = json.loads(result.stdout)
    assert (report["action"], report["region"], report["size"]) == ("seal", me, 8192), report
    assert sorted(report["seals"]) == ["grow", "seal", "shrink", "write"], report
    try:
        os.write(file, b"x")
        assert False, "it can still be written"
    except PermissionError:
        pass
    result = run("seal", me, "shrink")
    assert result.returncode == 77, result
    assert "the seal 'seal' forbids further seals" in result.stderr.decode(), result


def test_mapped():
    file = os.memfd_create("shmtool-test", os.MFD_ALLOW_SEALING)
    os.ftruncate(file, 8192)
    memory = mmap.mmap(file, 8192)
    me = f"pid:{os.getpid()}:{file}"
    result = run("seal", me, "write")
    assert result.returncode == 75, result
    assert "the seal 'future-write' allows existing writable mappings" in result.stderr.decode(), result
    assert fcntl.fcntl(file, fcntl.F_GET_SEALS) == 0
    assert run("seal", me, "future-write").returncode == 0
    assert fcntl.fcntl(file, fcntl.F_GET_SEALS) == 16


def test_unsealable():
    file = os.memfd_create("shmtool-test", 0)
    result = run("seal", f"pid:{os.getpid()}:{file}", "shrink")
    assert result.returncode == 77, result
