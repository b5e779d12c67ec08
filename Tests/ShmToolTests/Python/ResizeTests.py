import fcntl
import mmap
import os
import re

from support import N, P, run


def test_busy():
    file = os.open(P, os.O_RDWR)
    memory = mmap.mmap(file, 65536)
    result = run("resize", N, "4K", "--shrink")
    assert result.returncode == 75, result
    assert re.search(rf"process {os.getpid()} [(].+[)] uses it", result.stderr.decode()), result
    assert os.stat(P).st_size == 65536
    assert run("resize", N, "128K").returncode == 0, "growing hurts nobody"
    result = run("resize", N, "4K", "--shrink", "--force")
    assert result.returncode == 0, result
    assert os.stat(P).st_size == 4096


def test_sealed():
    SHRINK, GROW, WRITE, FUTURE, SEAL = 2, 4, 8, 16, 1
    def refused(seals, size, words, reason):
        file = os.memfd_create("shmtool-test", os.MFD_ALLOW_SEALING)
        os.ftruncate(file, size)
        fcntl.fcntl(file, fcntl.F_ADD_SEALS, seals)
        result = run("resize", f"pid:{os.getpid()}:{file}", *words)
        assert result.returncode == 77, result
        assert result.stderr.decode().endswith(": " + reason + "\n"), result
        assert os.fstat(file).st_size == size
        os.close(file)
    shrink = ["4K", "--shrink", "--force"]
    for seals in (GROW, GROW | SHRINK | WRITE, GROW | SEAL):
        for words in (["16K"], ["16K", "--sparse"]):
            refused(seals, 8192, words, "the seal 'grow' forbids it")
    for seals in (SHRINK, GROW | SHRINK | FUTURE, SHRINK | WRITE):
        refused(seals, 8192, shrink, "the seal 'shrink' forbids it")
    for seals, word in ((WRITE, "write"), (FUTURE, "future-write"), (WRITE | FUTURE, "write")):
        refused(seals, 5000, ["16K"],
                f"the seal '{word}' forbids clearing the rest of its last page")
