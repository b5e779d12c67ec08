import ctypes
import errno
import fcntl
import json
import mmap
import os
import re
import subprocess
import sys

from faults import C, NUMBERS, private, refuse
from inventory import mapped, ME, memfd, PAGE, report, ROOT, row, rows, segment, users
from support import N, P, run, started, T


def test_memfd():
    label = f"shmtool-test {ME}"
    file = memfd(label, 16 * PAGE)
    os.pwrite(file, b"x" * PAGE, 3 * PAGE)
    fcntl.fcntl(file, 1033, 2 | 4)
    found = row(kind="memfd", name=label)
    assert found["reference"] == f"pid:{ME}:{file}" and not found["removed"], found
    assert (found["size"], found["allocated"]) == (16 * PAGE, PAGE), found
    assert (found["resident"], found["swapped"]) in [(PAGE, 0), (0, PAGE)], found
    assert found["seals"] == ["shrink", "grow"] and found["owner_id"] == os.geteuid(), found
    assert users(found) == [ME] and found["users"][0]["descriptors"] == [file], found
    assert found["used"] is True and found["inode"] == os.fstat(file).st_ino, found
    assert run("inspect", found["reference"]).returncode == 0
    text = run("list", "--output", "name,seals,users", "--no-headings").stdout.decode()
    shown, = [line.split() for line in text.split("\n") if label in line]
    assert shown[-3:] == ["shrink,grow", str(ME), "python3"], text


def test_mapped_only():
    label = f"shmtool-test-{ME}-mapped"
    file = memfd(label, 4 * PAGE)
    address = mapped(file, 4 * PAGE)
    os.close(file)
    ctypes.memset(address, 1, 1)
    found = row(kind="memfd", name=label)
    mapping, = found["users"][0]["mappings"]
    assert mapping["length"] == 4 * PAGE and users(found) == [ME], found
    assert mapping["address"] == hex(address) and not found["users"][0]["descriptors"], found
    # A private mapping is a use, too.
    private = memfd(f"{label}-private", PAGE)
    mapped(private, PAGE, mmap.MAP_PRIVATE)
    os.close(private)
    assert users(row(name=f"{label}-private")) == [ME]
    shared = mmap.mmap(-1, 64 * PAGE)
    shared[5 * PAGE] = 1
    anonymous, = [r for r in rows("--pid", str(ME), "--kind", "anonymous")]
    assert anonymous["name"] is None and anonymous["size"] == 64 * PAGE, anonymous
    assert re.fullmatch(f"{ME}@0x[0-9a-f]+", anonymous["region"]), anonymous
    # Links of map_files are for root alone: to others it is unknown, and not 0.
    known = ROOT and os.path.exists("/proc/self/map_files")
    assert anonymous["allocated"] == (PAGE if known else None), anonymous
    assert found["allocated"] == (PAGE if known else None), found


def test_sparse_descriptors():
    label = f"shmtool-test-{ME}-sparse"
    file = memfd(label, PAGE)
    limit = min(900, os.sysconf("SC_OPEN_MAX"))
    numbers = [os.dup2(file, number) for number in (40, 41, 300, limit - 1)]
    found = row(kind="memfd", name=label)
    assert found["users"][0]["descriptors"] == [file, *numbers], found
    os.closerange(0, 3)
    found = row(kind="memfd", name=label)
    assert found["users"][0]["descriptors"] == [file, *numbers], found


def test_without_queries():
    if not NUMBERS:
        sys.exit(0)
    file = memfd(f"shmtool-test-{ME}-text", 4 * PAGE)
    maps = [mapped(file, 4 * PAGE), mmap.mmap(-1, 8 * PAGE)]
    number, address = segment(PAGE)
    os.close(file)
    def mine(**options):
        return [(r["kind"], r["region"], r["size"], r["users"]) for r in rows(
            "--pid", str(ME), **options)]
    asked, read = mine(), mine(preexec_fn=refuse(errno.ENOTTY, "ioctl"))
    assert asked == read and len(asked) == 3, (asked, read)


def test_removed():
    odd = N + " (deleted)"
    with open("/dev/shm/" + odd, "w+b") as there, open(P, "w+b") as gone:
        try:
            gone.write(b"x" * PAGE)
            gone.flush()
            memory = mmap.mmap(gone.fileno(), PAGE)
            os.unlink(P)
            found = row(kind="posix", name=N)
            assert found["removed"] and found["allocated"] == PAGE, found
            assert found["reference"] == f"pid:{ME}:{gone.fileno()}", found
            assert row(kind="posix", name=odd)["removed"] is False
            text = run("list", "--output", "name", "--no-headings").stdout.decode().split("\n")
            assert text.count(N + " (removed)") == 1, text
            assert text.count("'" + odd + "'") == 1, text
            assert not [r for r in rows("--stale") if r["name"] in (N, odd)]
        finally:
            os.unlink("/dev/shm/" + odd)


def test_one_kind():
    paths = {"/dev/shm/" + N: "posix", f"/dev/shm/sem.{N}": "semaphore",
             f"/dev/shm/{N} (deleted)": "posix", f"/dev/shm/sem.{N} (deleted)": "semaphore"}
    kinds, files = {}, []
    try:
        for path, kind in paths.items():
            files.append(open(path, "w+b"))
            files[-1].truncate(PAGE)
            kinds[os.fstat(files[-1].fileno()).st_ino] = kind
        hidden = memfd(N + " (deleted)", PAGE)
        kinds[os.fstat(hidden).st_ino] = "memfd"
        for words in (("list", "--pid", str(ME)), ("inspect", "--pid", str(ME))):
            told = json.loads(run(*words, "--json").stdout)["regions"]
            found = {r["inode"]: r["kind"] for r in told if r["inode"] in kinds}
            assert found == kinds, (words, found, kinds)
        for path, kind in paths.items():
            os.unlink(path)
            file = files[list(paths).index(path)]
            reference = f"pid:{ME}:{file.fileno()}"
            [told] = json.loads(run("inspect", reference, "--json").stdout)["regions"]
            assert (told["kind"], told["path"]) == (kind, path + " (deleted)"), told
        os.close(hidden)
    finally:
        for path in paths:
            if os.path.exists(path):
                os.unlink(path)


def test_system_v():
    number, address = segment(16 * PAGE)
    ctypes.memset(address, 1, 3 * PAGE)
    assert C.shmctl(number, 11, None) == 0, os.strerror(ctypes.get_errno())
    found = row(kind="sysv", name=f"sysv:{number}")
    assert found["reference"] == f"sysv:{number}" and found["inode"] == number, found
    assert (found["size"], found["allocated"]) == (16 * PAGE, 3 * PAGE), found
    assert found["wired"] == 3 * PAGE and found["mode"] == "0600", found
    part = found["segment"]
    assert (part["creator_pid"], part["attaches"], part["locked"]) == (ME, 1, True), part
    assert users(found) == [ME] and found["used"] is True, found
    assert C.shmctl(number, 12, None) == 0
    assert row(kind="sysv", name=f"sysv:{number}")["segment"]["locked"] is False
    idle, _ = segment(PAGE, attach=False)
    found = row(rows("--stale", "--kind", "sysv"), name=f"sysv:{idle}")
    assert found["used"] is False and not found["users"], found
    # A memfd may have the number of a segment, on the same device: they are two.
    listed = rows()
    assert len([r for r in listed if r["kind"] == "sysv" and r["inode"] == number]) == 1


def test_wired():
    label = f"shmtool-test-{ME}-wired"
    file = memfd(label, 16 * PAGE)
    os.pwrite(file, bytes(16 * PAGE), 0)
    maps = [mmap.mmap(file, 16 * PAGE) for _ in range(2)]
    for memory, pages in zip(maps, (4, 6)):
        address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
        assert C.mlock(ctypes.c_void_p(address + PAGE), ctypes.c_size_t(pages * PAGE)) == 0
    assert row(name=label)["wired"] == 6 * PAGE
    assert row(name=label)["huge"] in (0, None)


def test_other_tmpfs():
    # It stays in the mount namespace from before.
    other = subprocess.Popen(["sleep", "60"])
    started.append(other)
    private("-t", "tmpfs", "-o", "size=64M", "tmpfs", "/mnt")
    with open("/mnt/idle", "wb") as idle:
        idle.write(bytes(64 * PAGE))
    used = open("/mnt/used", "w+b")
    used.write(bytes(8 * PAGE))
    used.flush()
    found = row(name="/mnt/used")
    assert found["kind"] == "file" and found["allocated"] == 8 * PAGE, found
    assert found["reference"] == "/mnt/used" and users(found) == [ME], found
    assert not [r for r in rows() if r["name"] == "/mnt/idle"]
    assert report()["account"]["other_files"] >= 64 * PAGE
    # From another namespace it is named by the way of the process.
    outside = subprocess.run(
        ["nsenter", "-t", str(other.pid), "-m", T, "list", "--json"], capture_output=True)
    assert outside.returncode == 0, outside
    found = row(json.loads(outside.stdout)["regions"], inode=found["inode"], kind="file")
    assert found["name"] == f"/proc/{ME}/root/mnt/used", found


def test_huge():
    private("-t", "hugetlbfs", "-o", "pagesize=2M", "hugetlbfs", "/mnt")
    assert run("create", "/mnt/idle", "2M", "-q").returncode == 0
    found = row(name="/mnt/idle")
    assert (found["kind"], found["used"], found["users"]) == ("file", None, []), found
    assert found["no_user_seen"] is True, found
    assert found["allocated"] == found["wired"] == found["huge"] == 2 << 20, found
    assert found["inherently_unswappable"] is True, found
    with open("/mnt/idle", "r+b") as file, mmap.mmap(file.fileno(), 2 << 20) as memory:
        assert users(row(name="/mnt/idle")) == [ME]
        assert run("remove", "--stale", "--yes", "-q").returncode == 0
        assert os.path.exists("/mnt/idle")
    hidden = os.memfd_create(f"shmtool-test-{ME}-huge", os.MFD_HUGETLB)
    os.ftruncate(hidden, 2 << 20)
    found = row(name=f"shmtool-test-{ME}-huge")
    assert (found["kind"], found["inherently_unswappable"]) == ("memfd", True), found
    assert run("remove", "--stale", "--yes", "-q").returncode == 0
    assert not os.path.exists("/mnt/idle")


def test_sum():
    # Shmem is of the whole host, whose other processes are not seen from here: only what these
    # regions add counts. Others make and remove regions as well; in one of many rounds they are quiet.
    SIZE = 64 << 20
    data, differences = bytes(SIZE), []
    def account():
        return report()["account"]
    for attempt in range(60):
        before = account()
        file = memfd(f"shmtool-test-{ME}-sum", SIZE)
        os.pwrite(file, data, 0)
        unlinked = open(f"/dev/shm/shmtool-test-{ME}-sum", "w+b")
        os.unlink(unlinked.name)
        unlinked.write(data)
        unlinked.flush()
        shared = mmap.mmap(-1, SIZE)
        shared[:] = data
        number, address = segment(SIZE)
        ctypes.memset(address, 1, SIZE)
        after = account()
        os.close(file), unlinked.close(), shared.close(), C.shmctl(number, 0, None)
        C.shmdt(ctypes.c_void_p(address))
        differences.append((after["unaccounted"] - before["unaccounted"], after["shmem"] - before["shmem"]))
        if abs(differences[-1][0]) <= 4 * SIZE / 100 >= abs(differences[-1][1] - 4 * SIZE):
            break
    else:
        raise AssertionError(differences)
