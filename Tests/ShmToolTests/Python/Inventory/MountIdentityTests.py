import ctypes
import json
import os
import subprocess

from faults import C, mount, private
from inventory import mapped, ME, PAGE, report, rows, users
from support import run, until


def test_unmounted(way):
    private("-t", "tmpfs", "-o", "size=32M", "tmpfs", "/mnt")
    size = 8 << 20
    file = os.open("/mnt/left", os.O_CREAT | os.O_RDWR)
    os.write(file, b"x" * size)
    if way == "mapped":
        mapped(file, size)
        os.close(file)
    subprocess.run(["umount", "--lazy", "/mnt"], check=True)
    found = report()
    left, = [r for r in found["regions"] if r["allocated"] == size and users(r) == [ME]]
    assert (left["name_state"], left["removed"]) == ("unmounted", False), left
    assert [r for r in rows("--pid", str(ME)) if r["inode"] == left["inode"]], left
    told = run("list", "--output", "name,users").stdout.decode()
    assert f"{left['region']} (unmounted)" in told and "left (deleted)" not in told, told
    seen = json.loads(run("inspect", "--json", "--pid", str(ME)).stdout)["regions"]
    assert left["inode"] in [r["inode"] for r in seen], seen


def test_hidden():
    private("-t", "tmpfs", "-o", "size=32M", "tmpfs", "/dev/shm")
    files = [os.open(f"/dev/shm/{n}", os.O_CREAT | os.O_RDWR) for n in ("kept", "gone")]
    for file in files:
        os.write(file, b"x" * PAGE)
        mapped(file, PAGE)
        os.close(file)
    os.unlink("/dev/shm/gone")
    mount("-t", "tmpfs", "-o", "size=1M", "tmpfs", "/dev/shm")
    open("/dev/shm/kept", "w").close()
    found = [r for r in rows("--pid", str(ME)) if r["size"] == PAGE and r["kind"] == "posix"]
    assert sorted((r["region"], r["name_state"]) for r in found) == [
        ("gone", "removed"), ("kept", "hidden")], found
    assert b"kept (hidden by another mount)" in run("list").stdout


def test_container():
    ready, go = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        private("-t", "tmpfs", "-o", "size=12M", "tmpfs", "/dev/shm")
        file = os.open("/dev/shm/inner", os.O_CREAT | os.O_RDWR)
        os.write(file, b"x" * PAGE)
        mapped(file, PAGE)
        os.write(ready[1], str(file).encode())
        os.read(go[0], 1)
        os._exit(0)
    file = os.read(ready[0], 9).decode()
    try:
        for words in ([f"pid:{child}:{file}"], [f"/proc/{child}/root/dev/shm/inner"],
                      ["--pid", str(child)]):
            result = run("inspect", "--json", *words)
            assert result.returncode == 0, result
            found, = [r for r in json.loads(result.stdout)["regions"] if r["size"] == PAGE]
            assert (found["mount_point"], found["mount_pid"]) == ("/dev/shm", child), found
            assert "size=12288k" in found["mount_options"], found
        text = run("inspect", f"pid:{child}:{file}").stdout.decode()
        assert f"at /dev/shm in the mount namespace of process {child}" in text, text
    finally:
        os.write(go[1], b"x")
        os.waitpid(child, 0)


def test_bound():
    private("-t", "tmpfs", "-o", "size=8M", "tmpfs", "/mnt")
    os.mkdir("/mnt/a")
    os.mkdir("/mnt/b")
    mount("--bind", "/mnt/a", "/mnt/b")
    open("/mnt/a/x", "wb").write(b"x" * PAGE)
    for path, point in (("/mnt/b/x", "/mnt/b"), ("/mnt/a/x", "/mnt")):
        found, = json.loads(run("inspect", "--json", path).stdout)["regions"]
        assert found["mount_point"] == point, found
    # A file over another: its name is not to be removed, and nothing is lost.
    open("/mnt/over", "w").close()
    mount("--bind", "/mnt/a/x", "/mnt/over")
    result = run("remove", "/mnt/over")
    assert result.returncode == 75 and b"mounted on it" in result.stderr, result
    assert os.path.exists("/mnt/a/x") and os.path.exists("/mnt/over")


def test_accounted():
    SIZE = 24 << 20
    def look():
        found = report("--output", "name,size")["account"]
        return found["listed"], found["unaccounted"]
    seen = []
    # Shmem counts the whole machine: again while other programs change it.
    for _ in range(20):
        mount("-t", "tmpfs", "-o", "size=32M", "tmpfs", "/mnt")
        file = os.open("/mnt/left", os.O_CREAT | os.O_RDWR)
        os.write(file, b"x" * SIZE)
        address = mapped(file, SIZE)
        os.close(file)
        before = look()
        subprocess.run(["umount", "--lazy", "/mnt"], check=True)
        after = look()
        # No other processes run here, so only this region changes the list.
        assert before[0] == after[0] >= SIZE, (before, after)
        assert C.munmap(ctypes.c_void_p(address), ctypes.c_size_t(SIZE)) == 0
        until(lambda: look()[0] == before[0] - SIZE)
        seen.append((before[1], after[1]))
        if abs(after[1] - before[1]) < SIZE // 4:
            break
    else:
        raise AssertionError(seen)
