import ctypes
import json
import mmap
import os
import re
import resource
import signal
import subprocess
import time

from inspection import address, entry, flags, inspected, lock, pagewise, region_of, states
from support import allocated, N, P, run
from wiring import libc, PAGE


def test_exact():
    pages = 600
    file = region_of(pages * PAGE)
    expected = ["hole"] * pages
    for first, count in ((0, 40), (64, 1), (200, 200)):
        os.posix_fallocate(file, first * PAGE, count * PAGE)
        expected[first:first + count] = ["reserved"] * count
    for page in [*range(10, 30), 64, 66, *range(250, 350, 3), pages - 1]:
        os.pwrite(file, b"x", page * PAGE + page)
        expected[page] = "resident"
    memory = mmap.mmap(file, pages * PAGE)
    # Locking brings in what it covers: what was reserved is written with zeros.
    for first, count in ((12, 3), (250, 1), (290, 20)):
        lock(memory, first, count)
        expected[first:first + count] = ["resident wired"] * count
    # A page that no visible process maps can be wired by a hidden process.
    for page in range(pages):
        if expected[page].startswith("resident"):
            memory[page * PAGE]
    region = inspected(N, "--pages")
    found = states(region)
    assert found == expected, [(n, a, b) for n, (a, b) in enumerate(zip(found, expected)) if a != b]
    counts = region["pages"]
    def total(word):
        return PAGE * sum(state.startswith(word) for state in expected)
    assert counts["hole"] == total("hole") and counts["reserved"] == total("reserved"), counts
    assert counts["resident"] == total("resident") and counts["swapped"] == 0, counts
    assert counts["wired"] == counts["wired_at_least"] == total("resident wired"), counts
    assert counts["allocated"] == allocated(P) == total("res"), counts
    [user] = region["users"]
    rows = user["mappings"]
    assert sum(row["wired"] for row in rows) == total("resident wired"), rows
    assert sum(row["resident"] for row in rows) == total("resident"), rows
    assert sum(row["length"] for row in rows) == pages * PAGE, rows


def test_frames():
    file = region_of(64 * PAGE)
    memory = mmap.mmap(file, 64 * PAGE)
    for page in range(0, 64, 2):
        memory[page * PAGE] = 1
    lock(memory, 8, 5)
    region = inspected(N, "--pages")
    assert region["pages"]["wired_source"] == "frames", region["pages"]
    for page, (state, frame) in enumerate(pagewise(region)):
        bits = entry(address(memory) + page * PAGE)
        present = bits >> 63
        assert frame == (bits & (1 << 55) - 1 if present else None), (page, state, frame)
        if present:
            assert ("wired" in state) == (flags(frame) >> 33 & 1), (page, state)
    # Without --pages nothing of the kind is listed.
    assert inspected(N)["runs"] is None


def test_nothing_changes():
    file = region_of(256 * PAGE)
    os.posix_fallocate(file, 0, 64 * PAGE)
    os.pwrite(file, bytes(32 * PAGE), 16 * PAGE)
    memory = mmap.mmap(file, 256 * PAGE)
    for page in range(16, 24):
        memory[page * PAGE]
    def look():
        status = os.stat(P)
        found = [status.st_blocks, status.st_mtime_ns, status.st_ctime_ns, status.st_size]
        for text in open("/proc/self/smaps"):
            head = re.match(r"([0-9a-f]+)-", text)
            if head:
                mine = int(head[1], 16) == address(memory)
            elif mine and text.split(":")[0] in (
                    "Rss", "Pss", "Referenced", "Private_Dirty", "Shared_Clean", "Swap", "Locked"):
                found.append(text.split())
        vector = (ctypes.c_ubyte * 256)()
        libc.mincore(ctypes.c_void_p(address(memory)), ctypes.c_size_t(256 * PAGE), vector)
        found.append([byte & 1 for byte in vector])
        # Of the frames what is referenced, up to date and dirty. To a list of its own a page comes
        # by and by, whoever looks.
        for page in range(16, 24):
            frame = entry(address(memory) + page * PAGE) & (1 << 55) - 1
            if frame and os.geteuid() == 0 and os.access("/proc/kpageflags", os.R_OK):
                found.append(flags(frame) & 0b11100)
        return found
    # From here on the kernel counts used pages again.
    with open("/proc/self/clear_refs", "w") as clear:
        clear.write("1")
    before = look()
    assert ["Referenced:", "0", "kB"] in before, before
    for words in ((N,), (N, "--json"), (N, "--pages"), (f"{os.getpid()}@{address(memory):#x}",),
                  ("--pid", str(os.getpid()))):
        assert run("inspect", *words).returncode == 0, words
        assert look() == before, (words, before, look())


def test_others():
    file = region_of(512 * PAGE)
    def counts():
        told = subprocess.run(["vmtouch", P], capture_output=True, check=True).stdout.decode()
        touched = int(re.search(r"Resident Pages: (\d+)/512", told)[1])
        told = subprocess.run(["fincore", "-b", "-n", "-o", "PAGES", P], capture_output=True,
                              check=True).stdout
        pages = inspected(N)["pages"]
        return touched, int(told), pages["resident"] // PAGE, pages["reserved"] // PAGE
    assert counts() == (0, 0, 0, 0), counts()
    os.pwrite(file, bytes(100 * PAGE), 7 * PAGE)
    assert counts() == (100, 100, 100, 0), counts()
    # Reserved pages take memory all the same, which mincore does not show: both call them absent,
    # or, if fincore calls cachestat, resident.
    os.posix_fallocate(file, 256 * PAGE, 256 * PAGE)
    touched, cored, resident, reserved = counts()
    assert (resident, reserved) == (100, 256), (resident, reserved)
    assert touched == 100 and cored in (100, 356), (touched, cored)
    assert allocated(P) == 356 * PAGE


def test_sparse():
    for size in (100 << 30, 64 << 40):
        file = region_of(size)
        for offset in range(0, size, size // 50):
            os.pwrite(file, b"x", offset)
        os.posix_fallocate(file, size // 3 // PAGE * PAGE, 1000 * PAGE)
        begin = time.monotonic()
        region = inspected(N, "--pages")
        assert time.monotonic() - begin < 20, time.monotonic() - begin
        pages = region["pages"]
        assert pages["reserved"] == 1000 * PAGE and pages["resident"] <= 51 * PAGE, pages
        assert len(region["runs"]) in range(100, 110), len(region["runs"])
        os.close(file)
        os.unlink(P)
    # In KiB, of the largest of all: the second size came after the first.
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    assert most < 50 << 10, most


def test_last_byte():
    page = mmap.PAGESIZE
    open(P, "wb").close()
    os.truncate(P, (1 << 63) - 1)
    with open(P, "r+b", buffering=0) as file:
        for place in ((1 << 63) - 808, (1 << 63) - page - 900, None):
            for words in (["inspect", N], ["inspect", N, "--pages"], ["inspect", N, "--json"],
                          ["list", "--output", "name,resident,swapped"]):
                result = run(*words)
                assert result.returncode == 0, (place, words, result)
            if place:
                os.pwrite(file.fileno(), b"x" * 50, place)
    [found] = json.loads(run("inspect", N, "--json", "--pages").stdout)["regions"]
    assert found["pages"]["allocated"] == 2 * page, found["pages"]
    # The page before the last is reported, and the last page is unknown.
    resident = [r for r in found["runs"] if r["state"] == "resident"]
    assert [(int(r["offset"]), r["length"]) for r in resident] == [((1 << 63) - 2 * page, page)], found["runs"]
    assert found["runs"][-1]["state"] == "unknown" and found["pages"]["resident"] is None, found["runs"]


def test_copies():
    file = region_of(64 * PAGE)
    os.pwrite(file, bytes(64 * PAGE), 0)
    shared = mmap.mmap(file, 64 * PAGE)
    own = mmap.mmap(file, 64 * PAGE, mmap.MAP_PRIVATE)
    for page in range(64):
        shared[page * PAGE]
    for page in (3, 5, 60):
        own[page * PAGE] = 1
    reader, writer = os.pipe()
    other = os.fork()
    if other == 0:
        for page in range(64):
            shared[page * PAGE]
        os.write(writer, b".")
        signal.pause()
    try:
        os.read(reader, 1)
        held = subprocess.Popen(["sleep", "600"], pass_fds=[file])
        region = inspected(N)
        users = {user["pid"]: user for user in region["users"]}
        assert set(users) == {os.getpid(), other, held.pid}, region
        mine = {row["sharing"]: row for row in users[os.getpid()]["mappings"]}
        assert mine["private"]["copied"] == 3 * PAGE, mine
        assert mine["shared"]["copied"] == 0 and mine["shared"]["resident"] == 64 * PAGE, mine
        # Two share each page.
        assert mine["shared"]["proportional"] == 32 * PAGE, mine
        assert users[held.pid]["descriptor_only"] is True, users
        assert users[held.pid]["descriptors"] == [file] and users[held.pid]["command"] == "sleep"
        assert users[other]["descriptor_only"] is False
        text = run("inspect", N).stdout.decode()
        assert "descriptor 3, not mapped" in text or "not mapped" in text, text
    finally:
        os.kill(other, signal.SIGKILL)
        held.kill()
        held.wait()
