import json
import os
import resource
import subprocess

from faults import mount, private
from support import N, P, T, run, until
from wiring import K, M


def test_file_size():
    def bounded(size):
        return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    for limit, size, code in ((16 * K, "16K", 0), (16 * K, "16385", 1), (12 * K, "1M", 1), (0, "1", 1)):
        room = run("limits", "--room", size, "--json", preexec_fn=bounded(limit))
        made = run("create", N, size, preexec_fn=bounded(limit))
        assert (room.returncode, made.returncode) == ((0, 0) if code == 0 else (1, 74)), (room, made)
        told = json.loads(room.stdout)["room"]
        assert told["available"] == limit and told["binding"] == "the limit on file sizes", told
        if code:
            answer = told["answer"]
            assert made.stderr.decode() == (
                f"shmtool: cannot create '{N}': {answer['reason']}; {answer['hint']}\n"), (made, answer)
        else:
            os.unlink(P)
    # The limit of another process.
    other = subprocess.Popen(["sleep", "60"], preexec_fn=bounded(20 * K))
    try:
        until(lambda: open(f"/proc/{other.pid}/comm").read() == "sleep\n")
        for size, code in (("20K", 0), ("21K", 1)):
            result = run("limits", "-q", "--room", size, "--pid", str(other.pid))
            assert result.returncode == code, result
    finally:
        other.kill()
        other.wait()


def test_addresses():
    def bounded(size):
        return lambda: resource.setrlimit(resource.RLIMIT_AS, (size, size))
    result = run("limits", "--need", "300M", "--json", preexec_fn=bounded(310 * M))
    told = json.loads(result.stdout)
    if os.geteuid() == 0:
        assert result.returncode == 1, told
        assert told["answer"]["refused_by"] == "the limit on address space", told["answer"]
        assert "limit on addresses" in told["hint"] or "as=" in told["hint"], told
        assert run("limits", "-q", "--need", "300M", preexec_fn=bounded(4096 * M)).returncode == 0
    assert told["available"] < 300 * M, told
    result = run("wire", N, "--for", "0", preexec_fn=bounded(310 * M))
    soft, _ = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    if result.returncode == 78:
        # The program itself takes few addresses, and the memlock limit refuses first.
        assert os.geteuid() != 0 and 0 <= soft < 300 * M and b"memlock limit" in result.stderr, result
    else:
        assert result.returncode == 79 and b"address space" in result.stderr, result


def test_directory():
    place = "/dev/shm/" + N
    os.mkdir(place, 0o700)
    try:
        os.chmod(place, 0o500)
        for program in ([T], ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", T]):
            if os.geteuid() != 0 and program != [T]:
                continue
            if os.geteuid() == 0 and program == [T]:
                continue
            results = [subprocess.run([*program, *words], capture_output=True) for words in (
                ["limits", "--room", "4K", "--at", place], ["create", place + "/x", "4K"])]
            assert [result.returncode for result in results] == [77, 77], results
            assert f"cannot create regions in '{place}': ".encode() in results[0].stderr, results
            # Without a question the figures are shown.
            plain = subprocess.run([*program, "limits"], capture_output=True)
            assert plain.returncode == 0 and b"can be created now" in plain.stdout, plain
    finally:
        os.rmdir(place)


def test_mounts():
    private("-t", "tmpfs", "-o", "size=16M", "tmpfs", "/dev/shm")
    for options in (["-o", "ro", "-t", "tmpfs"], ["-t", "ramfs"]):
        os.makedirs("/dev/shm/d", exist_ok=True)
        mount(*options, "none", "/dev/shm/d")
        room = run("limits", "--room", "4K", "--at", "/dev/shm/d")
        made = run("create", "/dev/shm/d/x", "4K")
        assert room.returncode == made.returncode == (77 if "ro" in options else 71), (room, made)
        assert made.stderr.split(b": ", 2)[2] == room.stderr.split(b": ", 2)[2], (room, made)
        assert run("limits", "--at", "/dev/shm/d", "-q").returncode == 0
        os.system("umount /dev/shm/d")


def test_reserved_pool():
    H = 2 << 20
    pool = "/sys/kernel/mm/hugepages/hugepages-2048kB/"
    def figure(name):
        return int(open(pool + name).read())
    private("-t", "tmpfs", "-o", "size=16M", "tmpfs", "/dev/shm")
    os.mkdir("/dev/shm/h")
    free = figure("free_hugepages") - figure("resv_hugepages")
    if free >= 3:
        mount("-t", "hugetlbfs", "-o", f"pagesize=2M,min_size={2 * H}", "none", "/dev/shm/h")
        path = "/dev/shm/h/" + N
        for pages, room, code in ((1, 0, 0), (free - 2, 0, 0), (free, 2, 0), (free + 1, 1, 79)):
            if figure("free_hugepages") - figure("resv_hugepages") != free - 2:
                break  # another test uses the pool
            told = run("limits", "-q", "--room", str(pages * H), "--at", "/dev/shm/h")
            made = run("create", path, str(pages * H))
            assert (told.returncode, made.returncode) == (room, code), (pages, told, made)
            if code == 0:
                os.unlink(path)
        os.system("umount /dev/shm/h")
