import mmap
import os
import re

from support import N, P, run


def test_mapped():
    file = os.open(P, os.O_RDWR)
    memory = mmap.mmap(file, 65536)
    memory[0:5] = b"hello"
    assert run("remove", N).returncode == 0
    assert not os.path.exists(P)
    assert memory[0:5] == b"hello"


def test_in_use():
    def refused():
        result = run("remove", "--unused", N)
        assert result.returncode == 75, result
        assert re.search(rf"process {os.getpid()} [(].+[)] uses it", result.stderr.decode()), result
        assert os.path.exists(P)
    file = os.open(P, os.O_RDWR)
    refused()
    memory = mmap.mmap(file, 65536)
    os.close(file)
    refused()
    memory.close()
    result = run("remove", "--unused", N)
    assert result.returncode == 0, result
    assert not os.path.exists(P)


def test_hard_link(name):
    os.link(P, "/dev/shm/" + name)


def test_nameless():
    file = os.memfd_create("shmtool-test", os.MFD_ALLOW_SEALING)
    result = run("remove", f"pid:{os.getpid()}:{file}")
    assert result.returncode == 64, result
    assert "it has no name in the file system" in result.stderr.decode(), result
