import ctypes
import json
import mmap
import os
import struct
import subprocess

from support import allocated, line, N, P, run, stop, T, until, wired
from wiring import holder, K, mappings, PAGE, refused


def test_smaps(part, first, count):
    first, count = int(first) * PAGE, int(count) * PAGE
    process, text = holder(N, "--range", part, "--json")
    [row] = json.loads(text)["regions"]
    [mapping] = mappings(process.pid, P)
    assert (mapping["offset"], mapping["bytes"]) == (first, count), mapping
    # One sharer, so "Locked" is not a share.
    assert mapping["lo"] and mapping["Locked"] == mapping["Rss"] == count, mapping
    assert (row["wired"], row["resident"]) == (count, count), row
    assert wired(process.pid) == count and allocated(P) == count
    assert stop(process)[0] == -15


def test_frames():
    assert run("fill", N, "--byte", "1", "-q").returncode == 0
    with open(P, "r+b") as file:
        memory = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
    own = ctypes.c_char.from_buffer(mmap.mmap(-1, 1))
    [mine] = mappings(os.getpid(), P)
    # The frames of the pages, and whether each is mlocked (33) and unevictable (18).
    def flags():
        found = []
        for page in range(64):
            memory[page * PAGE]
            with open("/proc/self/pagemap", "rb", buffering=0) as file:
                file.seek((mine["at"] // PAGE + page) * 8)
                entry, = struct.unpack("Q", file.read(8))
            frame = entry & (1 << 55) - 1
            assert entry >> 63 and frame, hex(entry)
            with open("/proc/kpageflags", "rb", buffering=0) as file:
                file.seek(frame * 8)
                bits, = struct.unpack("Q", file.read(8))
            found.append((bits >> 33 & 1, bits >> 18 & 1))
        return found
    assert flags() == [(0, 0)] * 64, flags()
    process, _ = holder(N, "--range", "8K+4K", "--range", "100000+1", "--range", "252K:")
    line(process.stderr), line(process.stderr)
    locked = {2, 100000 // PAGE, 63}
    # A page comes to the list of the unevictable by and by.
    until(lambda: flags() == [(int(p in locked),) * 2 for p in range(64)])
    assert stop(process)[0] == -15
    until(lambda: flags() == [(0, 0)] * 64)


def test_two():
    first, _ = holder(N)
    second, _ = holder(N, "--range", "0:32K")
    told = json.loads(run("wire", "--list", N, "--json").stdout)["holders"]
    sizes = {row["pid"]: row["wired"] for row in told}
    assert sizes == {first.pid: 64 * K, second.pid: 32 * K}, told
    assert stop(first)[0] == -15
    [mapping] = mappings(second.pid, P)
    assert mapping["lo"] and mapping["Rss"] == 32 * K, mapping
    told = json.loads(run("wire", "--list", N, "--json").stdout)["holders"]
    assert [row["wired"] for row in told] == [32 * K], told
    assert stop(second)[0] == -15
    assert not json.loads(run("wire", "--list", N, "--json").stdout)["holders"]


def test_others():
    process, text = holder(N)
    assert wired(process.pid) == 64 * K, text
    assert stop(process)[0] == -15
    file = os.memfd_create("shmtool-test")
    os.ftruncate(file, 64 * K)
    process, text = holder(f"pid:{os.getpid()}:{file}")
    assert "checked: 64 KiB resident" in text, text
    assert wired(process.pid) == 64 * K == os.fstat(file).st_blocks * 512
    assert stop(process)[0] == -15


def test_not_resident():
    result = subprocess.run(
        ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "inject=mlock:retval=0", T, "wire", N],
        capture_output=True, timeout=60)
    refused(
        result, 79, f"cannot wire 64 KiB of '{N}': mlock succeeded, but only 0 B is in "
        "RAM, or some pages are not locked")
    # Resident, and not locked: that is not wired either.
    assert run("fill", N, "--zero", "-q").returncode == 0
    result = subprocess.run(
        ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "inject=mlock:retval=0", T, "wire", N],
        capture_output=True, timeout=60)
    refused(result, 79, "mlock succeeded, but only 64 KiB is in RAM, or some")
