import ctypes
import json
import mmap
import os
import re
import signal
import subprocess

from inspection import address, entry, inspected, region_of, report, states
from support import N, P, run, T
from wiring import libc, PAGE


def test_process():
    file = region_of(8 * PAGE)
    named = mmap.mmap(file, 8 * PAGE)
    os.close(file)
    hidden = os.memfd_create("nobody suspects")
    os.ftruncate(hidden, 4 * PAGE)
    removed = os.open(P + "-gone", os.O_RDWR | os.O_CREAT, 0o600)
    os.ftruncate(removed, 2 * PAGE)
    os.unlink(P + "-gone")
    kept = mmap.mmap(removed, 2 * PAGE)
    shared = mmap.mmap(-1, 16 * PAGE)
    shared[0] = 1
    result = run("inspect", "--pid", str(os.getpid()), "--json")
    found = {region["inode"]: region for region in json.loads(result.stdout)["regions"]}
    assert found[os.stat(P).st_ino]["region"] == N, found
    memory = found[os.stat(hidden).st_ino]
    assert memory["kind"] == "memfd" and memory["region"] == f"pid:{os.getpid()}:{hidden}"
    assert memory["path"] == "/memfd:nobody suspects (deleted)", memory
    assert memory["users"][0]["descriptor_only"] is True, memory
    gone = found[os.stat(removed).st_ino]
    assert (gone["links"], gone["size"]) == (0, 2 * PAGE), gone
    assert gone["path"].endswith("-gone (deleted)"), gone
    # What has neither name nor descriptor only root may open.
    if os.geteuid() == 0:
        assert result.returncode == 0, result
        [anonymous] = [r for r in found.values() if r["kind"] == "anonymous"]
        assert anonymous["pages"]["resident"] == PAGE, anonymous
        assert anonymous["size"] == 16 * PAGE, anonymous
    else:
        assert result.returncode == 77, result
        assert b"it has no name and is only mapped, not open, in the process; run as root" in result.stderr


def test_once():
    import collections, tempfile
    files = [os.memfd_create(f"{N}-{number}") for number in range(40)]
    for file in files:
        os.ftruncate(file, PAGE)
    mappings = [mmap.mmap(file, PAGE) for file in files]
    other = os.fork()
    if other == 0:
        signal.pause()
        os._exit(0)
    try:
        with tempfile.NamedTemporaryFile("r") as log:
            result = subprocess.run(
                ["strace", "-f", "-qq", "-o", log.name, "-e", "trace=openat", T, "inspect", "--json",
                 "--pid", str(os.getpid())], capture_output=True, timeout=60)
            opened = collections.Counter(re.findall(r'"(/(?:proc|sys)[^"]*)"', log.read()))
    finally:
        os.kill(other, signal.SIGKILL)
        os.waitpid(other, 0)
    assert result.returncode == 0, result
    found = [region for region in json.loads(result.stdout)["regions"]
             if f"{N}-" in region["path"]]
    assert len(found) == 40, len(found)
    for region in found:
        users = {user["pid"]: user for user in region["users"]}
        assert {os.getpid(), other} <= set(users), region
    for process in (os.getpid(), other):
        assert opened[f"/proc/{process}/smaps"] == 1, opened
    # What holds for the whole host is not read for each region, except what may change meanwhile:
    # leases, which opening a region would break, and the use of swap.
    for path, times in opened.items():
        assert (times < 20 or path in ("/proc/locks", "/proc/meminfo")
                or re.match("/proc/([0-9]+|self/fd)/", path)), (path, times)
    # The processes themselves are listed by the scan and, if some are hidden, once more.
    assert opened["/proc"] <= 3, opened


def test_system_v():
    libc.shmat.restype = ctypes.c_void_p
    number = libc.shmget(0, 8 * PAGE, 0o1600)
    assert number >= 0
    try:
        # Its pages cannot be reached while no process has it attached; its figures are known.
        region = inspected(f"sysv:{number}")
        assert (region["size"], region["mode"]) == (8 * PAGE, "0600"), region
        assert region["used"] is False and region["pages"]["resident"] is None, region
        at = libc.shmat(number, None, 0)
        ctypes.memset(at + 3 * PAGE, 1, 1)
        def row():
            return next(text for text in open("/proc/sysvipc/shm") if text.split()[1] == str(number))
        before = row()
        region = inspected(f"sysv:{number}", "--pages")
        assert states(region) == ["hole"] * 3 + ["resident"] + ["hole"] * 4, region["runs"]
        assert (region["kind"], region["size"]) == ("sysv", 8 * PAGE), region
        assert [user["pid"] for user in region["users"]] == [os.getpid()], region
        assert row() == before, (before, row())
        libc.shmdt(ctypes.c_void_p(at))
    finally:
        libc.shmctl(number, 0, None)
    assert run("inspect", "sysv:2000000000").returncode == 66


def test_address():
    file = region_of(16 * PAGE)
    memory = mmap.mmap(file, 16 * PAGE)
    again = mmap.mmap(file, 4 * PAGE, mmap.MAP_PRIVATE, offset=4 * PAGE)
    memory[5 * PAGE] = 1
    again[PAGE] = 2
    reader, writer = os.pipe()
    other = os.fork()
    if other == 0:
        memory[5 * PAGE]
        os.write(writer, b".")
        signal.pause()
    os.read(reader, 1)
    try:
        at = address(memory) + 5 * PAGE + 7
        told = report(f"{os.getpid()}@{at:#x}")
        assert told["regions"] == [], told
        [place] = told["addresses"]
        assert (place["pid"], place["address"]) == (os.getpid(), hex(at)), place
        assert place["inode"] == os.stat(P).st_ino and place["kind"] == "posix", place
        assert place["path"] == P and place["offset"] == 5 * PAGE + 7, place
        assert place["page"]["present"] is True and place["page"]["own_copy"] is False, place
        bits = entry(at)
        frame = bits & (1 << 55) - 1
        assert place["page"]["frame"] == (frame or None), place
        others = {(o["pid"], o["address"]): o for o in place["others"]}
        copy = others[os.getpid(), hex(address(again) + PAGE + 7)]
        assert copy["sharing"] == "private" and copy["page"]["own_copy"] is True, copy
        assert copy["same_memory"] is False, copy
        theirs = others[other, hex(at)]
        assert theirs["same_memory"] is True and theirs["protection"] == "read-write", theirs
        assert (other, hex(address(again) + PAGE + 7)) in others, others
        text = run("inspect", f"{os.getpid()}@{at:#x}").stdout.decode()
        assert "private copy" in text and str(other) in text, text
    finally:
        os.kill(other, signal.SIGKILL)
        os.waitpid(other, 0)


def test_own_memory():
    buffer = ctypes.create_string_buffer(10)
    [place] = report(f"{os.getpid()}@{ctypes.addressof(buffer):#x}")["addresses"]
    assert place["kind"] is None and place["others"] == [], place
    assert place["page"]["present"] is True, place
