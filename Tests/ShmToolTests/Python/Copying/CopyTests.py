import fcntl
import json
import os
import subprocess
import sys
import tempfile

from copying import anonymous, bad, good, place, random
from support import allocated, N, P, run, until


def test_ends(size):
    size = int(size)
    content = random(size)
    with tempfile.TemporaryDirectory() as directory:
        file, other = directory + "/in", directory + "/out"
        open(file, "wb").write(content)
        def region(): return open(P, "rb").read()
        def clear(): open(P, "r+b").write(bytes(size + 9))
        good("copy", f"file:{file}", N + "@9", "--verify")
        assert region() == bytes(9) + content
        clear()
        good("copy", "-", N + "@3", input=content[:60000])
        assert region()[3:3 + size][:60000] == content[:60000]
        clear()
        good("copy", "-", N, stdin=open(file, "rb"))
        assert region() == content + bytes(9)
        good("copy", N, f"file:{other}", "--verify", "--length", str(size))
        assert open(other, "rb").read() == content
        assert good("copy", N + "@1", "-", "-q").stdout == content[1:] + bytes(9)
        # A region into another, and into another part of itself.
        good("create", N + "-other", str(size + 100))
        try:
            good("copy", N, N + "-other@91", "--verify")
            copied = open(P + "-other", "rb").read()
            assert copied == bytes(91) + content + bytes(9)
            half = size // 2
            if half:
                good("copy", N, f"{N}@{size - half}", "--length", str(half), "--verify")
                assert region() == content[:size - half] + content[:half] + bytes(9)
        finally:
            os.unlink(P + "-other")
        # Without an offset the file ends with the copy; with an offset the bytes around it stay.
        open(other, "wb").write(b"x" * (size + 50))
        good("copy", f"file:{file}", f"file:{other}@0")
        assert open(other, "rb").read() == content + b"x" * 50
        good("copy", f"file:{file}", f"file:{other}@7")
        assert open(other, "rb").read() == (content + b"x" * 50)[:7] + content + b"x" * 43
        good("copy", f"file:{file}", f"file:{other}")
        assert open(other, "rb").read() == content
        assert good("copy", f"file:{file}", "-", "-q").stdout == content
        good("copy", f"file:{file}", f"file:{other}@100", "--length", "1")
        assert os.path.getsize(other) == max(size, 101)


def test_sparse():
    assert good("copy", N, "-", "-q").stdout == bytes(65536)
    memory, address = anonymous(65536)
    memory[:] = b"x" * 65536
    good("copy", N, place(address), "--verify")
    assert memory[:] == bytes(65536)
    assert allocated(P) == 0
    file = os.memfd_create("shmtool-test", os.MFD_ALLOW_SEALING)
    os.write(file, b"hello")
    fcntl.fcntl(file, fcntl.F_ADD_SEALS, fcntl.F_SEAL_WRITE)
    assert good("copy", f"pid:{os.getpid()}:{file}@1", "-", "-q").stdout == b"ello"
    report = bad(77, "copy", N, f"pid:{os.getpid()}:{file}", "--length", "5")
    assert "it is not open for the requested access" in report.error or "seal" in report.error, report.error


def test_odd_ends():
    good("copy", "file:/dev/zero", N, "--length", "60000")
    good("copy", f"file:/proc/{os.getpid()}/cmdline", N)
    assert open(P, "rb").read().startswith(sys.executable.encode())
    good("copy", N, "file:/dev/null")
    with tempfile.TemporaryDirectory() as directory:
        fifo = directory + "/fifo"
        os.mkfifo(fifo)
        reader = subprocess.Popen(["cat", fifo], stdout=subprocess.PIPE)
        good("copy", N, f"file:{fifo}", "--length", "5000")
        assert reader.communicate()[0] == open(P, "rb").read()[:5000]
        report = bad(65, "copy", "file:/dev/null@5", N)
        assert "which has no offsets" in report.error, report.error
        odd = directory + "/a@5"
        open(odd, "wb").write(b"hello")
        assert good("copy", f"file:{odd}@0", "-", "-q").stdout == b"hello"
        assert good("copy", f"file:{odd}@4", "-", "-q").stdout == b"o"
        open(directory + "/a@x", "wb").write(b"there")
        assert good("copy", f"file:{directory}/a@x", "-", "-q").stdout == b"there"
        good("copy", "-", f"file:{directory}/empty", input=b"")
        assert os.path.getsize(directory + "/empty") == 0


def test_verify():
    # Somebody writes one byte into the copy all the time.
    memory, address = anonymous(4 << 20)
    child = os.fork()
    if child == 0:
        file = os.open(P, os.O_RDWR)
        while True:
            os.pwrite(file, b"x", 1000)
    results = []
    def found():
        results.append(run("copy", place(address), N, "--verify", "--json"))
        return results[-1].returncode != 0
    try:
        # It may not get a processor between a copy and its verification.
        until(found)
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)
    report = json.loads(results[-1].stdout)
    assert results[-1].returncode == 1, results[-1]
    assert (report["equal"], report["first_difference"], report["differing"]) == (
        False, 1000, 1), report
    assert report["complete"] and report["error"] is None, report
    # One that gives its bytes once is not read a second time.
    with tempfile.TemporaryDirectory() as directory:
        os.mkfifo(directory + "/fifo")
        writer = subprocess.Popen(["sh", "-c", 'printf hello > "$0"', directory + "/fifo"])
        report = bad(65, "copy", f"file:{directory}/fifo", N, "--verify")
        assert "can be read only once" in report.error, report.error
        writer.kill()
        writer.wait()
