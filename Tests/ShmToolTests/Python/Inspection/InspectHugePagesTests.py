import mmap
import os
import subprocess
import tempfile

from inspection import inspected, states
from support import run
from wiring import libc, M, PAGE


def test_pool():
    HUGE = 2 * M
    file = os.memfd_create("shmtool-test", 4)
    os.ftruncate(file, 4 * HUGE)
    name = f"pid:{os.getpid()}:{file}"
    assert states(inspected(name, "--pages")) == ["hole"] * 4
    memory = mmap.mmap(file, 4 * HUGE)
    memory[HUGE] = 1
    memory[3 * HUGE] = 1
    region = inspected(name, "--pages")
    assert states(region) == ["hole", "resident huge", "hole", "resident huge"], region["runs"]
    assert region["page_size"] == HUGE and region["inherently_unswappable"] is True, region
    pages = region["pages"]
    assert pages["wired"] is None and pages["huge"] == pages["resident"] == 2 * HUGE, pages
    assert "never swapped out" in run("inspect", name).stdout.decode()


def test_transparent():
    HUGE = 2 * M
    place = tempfile.mkdtemp()
    libc.unshare(0x20000)
    assert subprocess.run(["mount", "--make-rprivate", "/"]).returncode == 0
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "huge=always", "tmpfs", place])
    assert made.returncode == 0
    try:
        file = os.open(place + "/x", os.O_RDWR | os.O_CREAT)
        os.ftruncate(file, 3 * HUGE + PAGE)
        os.pwrite(file, bytes(HUGE), HUGE)
        os.pwrite(file, b"x", 3 * HUGE)
        memory = mmap.mmap(file, 3 * HUGE + PAGE)
        for page in (*range(512, 1024), 1536):
            memory[page * PAGE]
        region = inspected(place + "/x", "--pages")
        found = states(region)
        assert found[:512] == found[1024:1536] == ["hole"] * 512, region["runs"]
        assert set(found[512:1024]) == {"resident huge"}, region["runs"]
        assert region["mount_point"] == place and "huge=always" in region["mount_options"], region
        memory.close()
        os.close(file)
    finally:
        subprocess.run(["umount", place])
        os.rmdir(place)
