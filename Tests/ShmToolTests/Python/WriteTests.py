import fcntl
import os

from support import N, P, run


def test_memory_file():
    file = os.memfd_create("shmtool-test", os.MFD_ALLOW_SEALING)
    os.ftruncate(file, 10)
    me = f"pid:{os.getpid()}:{file}"
    result = run("write", me, "--offset", "2", input=b"hello")
    assert result.returncode == 0, result
    assert os.pread(file, 20, 0) == b"\0\0hello\0\0\0"
    fcntl.fcntl(file, fcntl.F_ADD_SEALS, fcntl.F_SEAL_WRITE)
    result = run("write", me, input=b"HELLO")
    assert result.returncode == 77, result
    assert "it is sealed: write" in result.stderr.decode(), result
    assert os.pread(file, 20, 0) == b"\0\0hello\0\0\0"


def test_fits():
    import tempfile
    with tempfile.NamedTemporaryFile() as file:
        for content, words in ((b"longer", []), (b"shor", ["--length", "5"])):
            file.seek(0), file.truncate(0), file.write(content), file.flush()
            result = run("write", N, file.name, *words)
            assert result.returncode == 65 and b"nothing was changed" in result.stderr, result
            assert open(P, "rb").read() == bytes(5)
    piped = run("write", N, input=b"longer")
    assert piped.returncode == 65 and b"5 bytes were already written" in piped.stderr, piped
    assert open(P, "rb").read() == b"longe"


def test_advice():
    with open(P, "rb") as held:
        result = run("remove", "--unused", N)
        assert result.returncode == 75 and b"force" not in result.stderr, result
        assert b"wait until no process uses it" in result.stderr, result
