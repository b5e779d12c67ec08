import ctypes
import errno
import json
import mmap
import os
import subprocess
import sys
import tempfile

from copying import anonymous, bad, digest, good, libc, place, random
from faults import refuse
from support import allocated, N, P, run, start, until


def test_sizes(size):
    size = int(size)
    memory, address = anonymous(size + 5000)
    memory[:] = random(size + 5000)
    good("copy", place(address + 13), N + "@77", "--length", str(size), "--verify")
    assert digest(open(P, "rb").read()[77:]) == digest(memory[13:13 + size])
    before = digest(memory[:4000]), digest(memory[4001 + size:])
    open(P, "r+b").write(random(77))
    good("copy", N + "@1", place(address + 4001), "--length", str(size), "--verify")
    assert digest(memory[4001:4001 + size]) == digest(open(P, "rb").read()[1:1 + size])
    assert before == (digest(memory[:4000]), digest(memory[4001 + size:]))


def test_large():
    memory, address = anonymous(1 << 30)
    part = random(1 << 24)
    for begin in range(0, 1 << 30, 1 << 24):
        memory[begin:begin + (1 << 24)] = part
        memory[begin + 5] = begin >> 24
    report = json.loads(good("copy", place(address), N, "--json").stdout)
    assert report["length"] == report["requested_length"] == 1 << 30 and report["complete"], report
    with open(P, "rb") as file:
        for begin in range(0, 1 << 30, 1 << 24):
            assert file.read(1 << 24) == memory[begin:begin + (1 << 24)], begin


def test_borders():
    memory, address = anonymous(65536)
    memory[:] = random(65536)
    # Every other page for loads only: 16 mappings.
    for page in range(0, 65536, 2 * mmap.PAGESIZE):
        assert libc.mprotect(ctypes.c_void_p(address + page), mmap.PAGESIZE, 1) == 0
    good("copy", place(address), N, "--verify")
    assert open(P, "rb").read() == memory[:]
    other, target = anonymous(70000)
    good("copy", place(address + 3), place(target + 9), "--length", "60001", "--verify")
    assert other[9:60010] == memory[3:60004]
    out = good("copy", place(address), "-", "--length", "64K", "--quiet")
    assert out.stdout == memory[:] and out.stderr == b"", out.stderr
    good("copy", "-", place(target + 1), input=b"hello")
    assert other[1:6] == b"hello"
    with tempfile.TemporaryDirectory() as directory:
        good("copy", place(address + 1), f"file:{directory}/a", "--length", "50000", "--verify")
        assert open(f"{directory}/a", "rb").read() == memory[1:50001]
        good("copy", f"file:{directory}/a@7", place(target), "--verify")
        assert other[:49993] == memory[8:50001]


def test_unmapped():
    memory, address = anonymous(65536)
    memory[:] = random(65536)
    content = memory[:]
    hole = address + 8 * mmap.PAGESIZE
    assert libc.munmap(ctypes.c_void_p(hole), mmap.PAGESIZE) == 0
    for skip in (0, 1, 4095):
        come = 8 * mmap.PAGESIZE - skip
        report = bad(74, "copy", place(address + skip), N, "--length", "60000", "--json")
        assert f"{hole:#x} of process {os.getpid()} is not mapped" in report.error, report.error
        assert "which ends 0 bytes before it" in report.error, report.error
        assert f"{come} of 60000 bytes were copied" in report.error, report.error
        told = json.loads(report.stdout)
        assert (told["length"], told["complete"]) == (come, False), told
        assert told["error"]["message"] in report.error
        assert open(P, "rb").read()[:come] == content[skip:8 * mmap.PAGESIZE]
        # The bytes after it are unchanged.
        assert open(P, "rb").read()[come:] == bytes(65536 - come)
        open(P, "r+b").write(bytes(65536))
    report = bad(74, "copy", N, place(address + 5), "--length", "60000")
    assert f"{8 * mmap.PAGESIZE - 5} of 60000 bytes were copied" in report.error, report.error
    out = bad(74, "copy", place(address), "-", "--length", "64K")
    assert out.stdout == memory[:8 * mmap.PAGESIZE]


def test_dies():
    import textwrap
    code = '''
import ctypes, mmap, sys
m = mmap.mmap(-1, 1 << 29)
for page in range(0, 1 << 29, 4096): m[page] = 7
print(ctypes.addressof(ctypes.c_char.from_buffer(m)), flush=True)
sys.stdin.read()
'''
    child = subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    address = int(child.stdout.readline())
    process = start("copy", f"{child.pid}@{address:#x}", N, "--json")
    until(lambda: allocated(P) > 1 << 22 or process.poll() is not None)
    child.kill()
    child.wait()
    out, error = process.communicate(timeout=60)
    report = json.loads(out)
    # It may have been quicker.
    if process.returncode != 0:
        assert process.returncode == 69, (process.returncode, error)
        assert f"process {child.pid} has ended".encode() in error, error
        assert 0 < report["length"] < 1 << 29 and not report["complete"], report
        with open(P, "rb") as file:
            content = file.read(report["length"])
        assert content[::4096] == bytes([7]) * len(content[::4096])
    late = bad(66, "copy", f"{child.pid}@{address:#x}", N)
    assert "no such process" in late.error, late.error


def test_protected():
    memory, address = anonymous(16384)
    end = address + 4096
    assert libc.mprotect(ctypes.c_void_p(end), 4096, 1) == 0
    report = bad(77, "copy", N, place(address + 1))
    assert "4095 of 16384 bytes were copied" in report.error, report.error
    assert f"{end:#x} of process {os.getpid()} lies in {end:#x}-" in report.error, report.error
    assert "which is not writable" in report.error, report.error
    assert libc.mprotect(ctypes.c_void_p(end), 4096, 0) == 0
    report = bad(77, "copy", place(address), N)
    assert "which is not readable" in report.error, report.error
    assert "4096 of 16384 bytes were copied" in report.error, report.error


def test_past_file_end():
    with tempfile.TemporaryFile() as file:
        file.write(b"x" * 16384)
        file.flush()
        memory = mmap.mmap(file.fileno(), 16384)
        address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
        os.ftruncate(file.fileno(), 4096)
        report = bad(74, "copy", place(address), N, "--length", "16K")
    assert "has no page there (it is a device, or its file ends before)" in report.error, report.error
    assert "4096 of 16384 bytes were copied" in report.error, report.error


def test_sandbox(number):
    enter = refuse(getattr(errno, number), "process_vm_readv", "process_vm_writev")
    memory = mmap.mmap(-1, 4096)
    address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    for words in ([f"{os.getpid()}@{address:#x}", f"file:{P}"],
                  [f"file:{P}", f"{os.getpid()}@{address:#x}"]):
        result = run("copy", *words, "--length", "5", preexec_fn=enter)
        assert result.returncode == 77, result
        assert b"a sandbox refuses" in result.stderr and b"--cap-add" in result.stderr, result
    assert os.path.getsize(P) == 4096
