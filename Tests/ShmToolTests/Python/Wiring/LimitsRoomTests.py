import json
import os
import subprocess
import sys
import tempfile

from faults import mount, private
from support import N, P, run
from wiring import Group, M, PAGE


def test_answers():
    for words, code in ((["--room", "4K"], 0), (["--room", "512T"], 1), (["--room", "4K", "--need", "512T"], 1),
                        (["--room", "512T", "--need", "4K"], 1), ([], 0)):
        result = run("limits", *words, "--quiet")
        assert (result.returncode, result.stdout, result.stderr) == (code, b"", b""), (words, result)
        assert run("limits", *words, "-q").returncode == code
    told = json.loads(run("limits", "--json").stdout)["room"]
    assert told["path"] == "/dev/shm" and told["page_size"] == PAGE and told["answer"] is None, told
    assert told["available"] == min(b["available"] for b in told["bounds"]) // PAGE * PAGE, told
    assert told["binding"] == told["bounds"][0]["name"], told
    room = os.statvfs("/dev/shm")
    for bound in told["bounds"]:
        assert bound["kind"] in ("file_system", "memory_cgroup", "memory", "commit_limit", "quota"), told
        if bound["kind"] == "file_system":
            assert bound["maximum"] == room.f_blocks * room.f_frsize, told
    result = run("limits", "--room", "512T", "--json")
    answer = json.loads(result.stdout)["room"]["answer"]
    assert result.returncode == 1 and answer["possible"] is False and answer["need"] == 512 << 40, answer
    assert answer["refused_by"] == told["binding"] and "needs 512 TiB, but " in answer["reason"], answer
    text = run("limits", "--room", "512T").stdout.decode()
    assert "\n512 TiB cannot be created: needs 512 TiB, but " in text, text
    text = run("limits", "--room", "4K").stdout.decode()
    assert "\n4 KiB can be created in /dev/shm\n" in text, text
    assert "\ncan be created now in /dev/shm: " in text, text


def test_same_answer():
    private("-t", "tmpfs", "-o", "size=16M", "tmpfs", "/dev/shm")
    def same(size, code, *words, at="/dev/shm", name=N):
        room = run("limits", "--room", size, "--at", at, "--json")
        answer = json.loads(room.stdout)["room"]["answer"]
        made = run("create", f"{at}/{name}", size)
        assert (room.returncode, made.returncode) == ((0, 0) if code == 0 else (1, code)), (room, made)
        if code:
            error = made.stderr.decode()
            assert error.endswith(
                f": {answer['reason']}" + (f"; {answer['hint']}" if answer["hint"] else "") + "\n"), (
                error, answer)
            for part in words:
                assert part in error, (part, error)
        else:
            assert answer["refused_by"] is answer["reason"] is None, answer
        return answer
    same("16M", 0)
    answer = same("1", 79, "needs 1 B, but /dev/shm has 0 B free of 16 MiB", name="b")
    assert answer["refused_by"] == "the size of /dev/shm", answer
    os.unlink("/dev/shm/" + N)
    same("17M", 79, "as root: 'mount -o remount,size=17M /dev/shm'")
    # A directory below it, and another tmpfs.
    os.mkdir("/dev/shm/below")
    same("17M", 79, "/dev/shm/below has ", " free of 16 MiB", at="/dev/shm/below")
    mount("-t", "tmpfs", "-o", "size=1M,nr_inodes=2", "tmpfs", "/dev/shm/below")
    same("2M", 79, "has 1 MiB free of 1 MiB", at="/dev/shm/below")
    same("4K", 0, at="/dev/shm/below")
    answer = same("4K", 79, "all 2 inodes of /dev/shm/below are in use", at="/dev/shm/below", name="b")
    assert answer["refused_by"] == "the inodes of /dev/shm/below", answer
    # A place without regions, and a missing place.
    result = run("limits", "--room", "4K", "--at", "/proc")
    assert result.returncode == 65 and b"/proc is on proc, not in shared memory" in result.stderr, result
    result = run("limits", "--room", "4K", "--at", "/dev/shm/gone")
    assert result.returncode == 66 and b"no such file or directory" in result.stderr, result
    mount("--bind", "/proc/sys", "/dev/shm")
    result = run("limits", "--room", "4K")
    assert result.returncode == 65, result
    # Wiring can be asked about all the same.
    told = json.loads(run("limits", "--json").stdout)
    assert told["room"] is None and told["available"] is not None, told


def test_group():
    with Group(32 * M) as outer, Group(256 * M, outer.path[1:] + "/inner") as group:
        def limits(*words):
            return run("limits", *words, preexec_fn=group.enter())
        # More than the group leaves in any case, because the process itself is charged for some pages.
        told = json.loads(limits("--room", "32M", "--json").stdout)["room"]
        assert told["binding"] == f"cgroup v{group.version} {outer.path}", told
        assert 24 * M < told["available"] < 32 * M and not told["answer"]["possible"], told
        assert "leaves " in told["answer"]["reason"], told
        assert limits("-q", "--room", "20M").returncode == 0
        # What is answered is true for create.
        for size in (told["available"] - M, told["available"] + M):
            made = run("create", N, str(size), preexec_fn=group.enter())
            assert made.returncode == (0 if size < told["available"] else 79), (size, made)
            if made.returncode == 0:
                os.unlink(P)
        # Another process's groups, seen from outside.
        other = subprocess.Popen(["sleep", "60"], preexec_fn=group.enter())
        seen = json.loads(run("limits", "--pid", str(other.pid), "--json").stdout)["room"]
        assert seen["binding"] == told["binding"], seen
        other.kill()
        other.wait()


def test_unified():
    private("-t", "tmpfs", "-o", "size=64M", "tmpfs", "/dev/shm")
    root = next((line.split()[1] for line in open("/proc/mounts") if " cgroup2 " in line), None)
    if root is None:
        sys.exit(0)
    def swap_free():
        return sum(int(l.split()[1]) for l in open("/proc/meminfo") if l.startswith("SwapFree:"))
    def put(directory, **files):
        for name, text in files.items():
            open(f"{directory}/memory.{name.replace('_', '.')}", "w").write(f"{text}\n")
    own = f"/shmtool-test-{os.getpid()}"
    os.mkdir(root + own)
    M = 1 << 20
    def enter():
        open(f"{root}{own}/cgroup.procs", "w").write(str(os.getpid()))
    holder = subprocess.Popen(["sleep", "60"], preexec_fn=enter)
    box = tempfile.mkdtemp()
    # Where version 1 has the controller, version 2 has not: this process is shown in version 2 alone.
    groups = f"/proc/{holder.pid}/cgroup"
    try:
        mount("-t", "tmpfs", "tmpfs", box)
        mount("--bind", box, root + own)
        open(box + "/cgroup.procs", "w").close()
        with open(box + "/groups", "w") as file:
            file.write(f"0::{own}\n")
        mount("--bind", box + "/groups", groups)
        def limits(size):
            # Its groups, by a process that is in there already.
            result = run("limits", "--pid", str(holder.pid), "--room", size, "--json")
            return result.returncode, json.loads(result.stdout)["room"]
        stat = f"anon 1\ninactive_file {2 * M}\nactive_file 0"
        for files, binding in [
                (dict(max=32 * M, high="max"), "memory.max"),
                (dict(max=48 * M, high=32 * M), "memory.high"),
                (dict(max="max", high=32 * M), "memory.high"),
                (dict(max=32 * M, high="max", swap_max=0, swap_current=0), "memory.max")]:
            put(box, current=12 * M, stat=stat, **files)
            code, told = limits("20M")
            assert code == 0 and told["answer"]["possible"], told
            code, told = limits("24M")
            if files.get("swap_max", "") != 0 and swap_free() > 0:
                continue
            assert code == 1 and told["binding"] == f"cgroup v2 {own}", told
            assert f"({binding})" in told["answer"]["reason"], told
            assert told["answer"]["hint"].startswith(f"raise {binding} of control group "), told
    finally:
        subprocess.run(["umount", groups])
        holder.kill()
        holder.wait()
        subprocess.run(["umount", root + own])
        subprocess.run(["umount", box])
        os.rmdir(box)
        os.rmdir(root + own)


def test_huge_pages():
    M = 1 << 20
    private("-t", "tmpfs", "tmpfs", "/dev/shm")
    os.mkdir("/dev/shm/huge")
    mount("-t", "hugetlbfs", "-o", "pagesize=2M", "hugetlbfs", "/dev/shm/huge")
    def limits(*words, **options):
        result = run("limits", *words, "--json", **options)
        return result, json.loads(result.stdout or b"{}").get("room")
    at = ["--at", "/dev/shm/huge"]
    result, told = limits(*at, "--huge")
    assert result.returncode == 0 and told["page_size"] == 2 * M, result
    available = told["available"]
    assert told["binding"] == "the pool of huge pages of 2 MiB" and available >= 8 * M, told
    assert limits(*at, "--room", str(available))[0].returncode == 0
    result, told = limits(*at, "--room", str(available + 1))
    assert result.returncode == 1 and "but the pool has " in told["answer"]["reason"], told
    assert "nr_hugepages" in told["answer"]["hint"], told
    result = run("limits", "--huge=1G", *at)
    assert result.returncode == 66 and b"its file system has pages of 2 MiB" in result.stderr, result
    root = next((line.split()[1] for line in open("/proc/mounts") if " cgroup2 " in line), None)
    if root is None or "hugetlb" not in open(root + "/cgroup.controllers").read():
        sys.exit(0)
    enabled = open(root + "/cgroup.subtree_control").read().split()
    open(root + "/cgroup.subtree_control", "w").write("+hugetlb")
    own = f"{root}/shmtool-test-{os.getpid()}"
    os.mkdir(own)
    def enter():
        open(own + "/cgroup.procs", "w").write(str(os.getpid()))
    try:
        for file in ("hugetlb.2MB.max", "hugetlb.2MB.rsvd.max"):
            open(f"{own}/{file}", "w").write(str(4 * M))
            result, told = limits(*at, "--room", "6M", preexec_fn=enter)
            assert result.returncode == 1 and told["available"] == 4 * M, told
            assert told["answer"]["hint"].startswith(f"raise {file} of control group "), told
            made = run("create", "/dev/shm/huge/" + N, "6M", preexec_fn=enter)
            assert made.returncode == 79 and told["answer"]["reason"] in made.stderr.decode(), made
            made = run("map", "--anonymous", "6M", "--huge", "--", "true", preexec_fn=enter)
            assert made.returncode == 79 and file in made.stderr.decode(), made
            made = run("create", "/dev/shm/huge/" + N, "4M", preexec_fn=enter)
            assert made.returncode == 0, made
            os.unlink("/dev/shm/huge/" + N)
            open(f"{own}/{file}", "w").write("max")
    finally:
        os.rmdir(own)
        if "hugetlb" not in enabled:
            open(root + "/cgroup.subtree_control", "w").write("-hugetlb")
