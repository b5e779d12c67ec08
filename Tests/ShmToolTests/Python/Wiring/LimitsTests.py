import json
import os
import re
import resource
import subprocess

from support import N, run, start, stop
from wiring import for_pages, holder, K, limited, M, PAGE, refused


def test_files():
    def number(path):
        return int(open(path).read().split()[0])
    told = json.loads(run("limits", "--json", preexec_fn=limited(64 * K, 128 * K)).stdout)
    def limit(size):
        return {"unlimited": size is None, "bytes": size}
    assert told["memlock_soft"] == limit(64 * K), told
    assert told["memlock_hard"] == limit(128 * K), told
    assert told["memlock_remaining"] == limit(64 * K), told
    assert (told["wired"], told["pinned"]) == (0, 0), told
    assert told["cap_ipc_lock"] is False, told
    initial = os.readlink("/proc/self/ns/user") == "user:[4026531837]"
    assert told["initial_user_namespace"] is initial, told
    assert told["maximum_mappings"] == number("/proc/sys/vm/max_map_count"), told
    assert 10 < told["mappings"] < 1000, told
    assert told["shmmni"] == number("/proc/sys/kernel/shmmni"), told
    # The defaults are near 2^64.
    for name, unit in (("shmmax", "bytes"), ("shmall", "count")):
        value = number("/proc/sys/kernel/" + name)
        assert told[name] == {"unlimited": value >= 1 << 63, unit: value if value < 1 << 53 else
                              None if value >= 1 << 63 else str(value)}, told
    assert told["overcommit"] == number("/proc/sys/vm/overcommit_memory"), told
    try:
        words = open("/sys/kernel/mm/transparent_hugepage/shmem_enabled").read()
        assert told["shmem_huge_pages"] == re.search(r"[[](.*)[]]", words)[1], told
    except FileNotFoundError:
        assert told["shmem_huge_pages"] is None, told
    lines = {text.split(":")[0]: int(text.split()[1]) * K for text in open("/proc/meminfo")
             if text.endswith(" kB\n")}
    assert told["memory_total"] == lines["MemTotal"], told
    assert told["swap_total"] == lines["SwapTotal"], told
    # What moves: near what it is now.
    for name, line_name in [
        ("memory_available", "MemAvailable"), ("swap_free", "SwapFree")]:
        assert abs(told[name] - lines[line_name]) < 2 << 30, (name, told, lines[line_name])
    assert type(told["host"]["wired"]) is int, told
    assert type(told["host"]["unevictable"]) is int, told
    room = os.statvfs("/dev/shm")
    total = room.f_blocks * room.f_frsize
    assert told["shm"]["limit"] == limit(total or None), told
    assert told["shm"]["inode_limit"] == {"count": room.f_files or None, "unlimited": not room.f_files}, told
    pools = {pool["page_size"]: pool for pool in told["huge_page_pools"]}
    for name in os.listdir("/sys/kernel/mm/hugepages"):
        size = int(name.removeprefix("hugepages-").removesuffix("kB")) * K
        pool = pools.pop(size)
        assert pool["total_pages"] == number(f"/sys/kernel/mm/hugepages/{name}/nr_hugepages"), pool
        assert pool["available_pages"] == pool["free_pages"] - pool["reserved_pages"], pool
    assert not pools, pools
    assert told["probed"] is None and told["answer"] is None, told


def test_text():
    def rows(*words):
        result = run("limits", *words, preexec_fn=limited(64 * K, 128 * K))
        assert (result.returncode, result.stderr) == (0, b""), result
        return [" ".join(row.split()) for row in result.stdout.decode().split("\n")]
    found = rows()
    for row in ["memlock limit (RLIMIT_MEMLOCK) 64 KiB soft, 128 KiB hard",
                "CAP_IPC_LOCK not effective", "memlock limit remaining 64 KiB",
                " (VmPin) 0 B"]:
        assert any(line.endswith(row) for line in found), (row, found)
    assert found[-2] == "can be wired now: 64 KiB, limited by the memlock limit", found
    found = rows("--bytes", "--need", "4097")
    for row in ["memlock limit (RLIMIT_MEMLOCK) 65536 soft, 131072 hard",
                "can be wired now: 65536, limited by the memlock limit",
                "4097 (8192 in whole pages) more can be wired"]:
        assert row in found, (row, found)


def test_need(size, pages):
    size, pages = int(size), int(pages)
    for limit in (pages * PAGE, pages * PAGE - 1):
        prepare = limited(limit, M)
        result = run("limits", "--need", str(size), "--json", preexec_fn=prepare)
        answer = json.loads(result.stdout)["answer"]
        fits = limit >= pages * PAGE
        assert result.returncode == (0 if fits else 1), (limit, result)
        assert (answer["need"], answer["possible"]) == (size, fits), answer
        wires = run("wire", N, "--for", "0", preexec_fn=prepare)
        assert wires.returncode == (0 if fits else 78), (limit, wires)
        if fits:
            assert answer["refused_by"] is None and answer["hint"] is None, answer
            continue
        assert answer["refused_by"] == "the memlock limit", answer
        remedy = re.search("with '(ulimit -S -l ([0-9]+))'", answer["hint"])
        assert int(remedy[2]) == pages * 4, answer
        script = remedy[1] + '; "$SHMTOOL" limits --need "$1"'
        done = subprocess.run(
            ["bash", "-c", script, "bash", str(size)], capture_output=True, preexec_fn=prepare)
        assert done.returncode == 0, done


def test_hard():
    result = run("limits", "--need", "64K", "--json", preexec_fn=limited(8 * K))
    remedy = json.loads(result.stdout)["answer"]["hint"]
    assert result.returncode == 1, result
    name = open("/proc/self/comm").read().strip()
    assert remedy.startswith(
        "the memlock limit was lowered for this command (prlimit, ulimit): in the process that started it, "
        f"{os.getpid()} ({name}), it is "), remedy


def test_probe(limit):
    limit = int(limit)
    result = run("limits", "--probe", "--json", preexec_fn=limited(limit))
    told = json.loads(result.stdout)
    whole = limit // PAGE * PAGE
    assert told["probed"] == {"unlimited": False, "bytes": whole}, told["probed"]
    assert told["memlock_remaining"] == told["probed"], told
    # Nothing is left wired in it, nor was a page brought in.
    assert told["wired"] == 0, told


def test_probe_takes_nothing():
    usages = []
    for words in [[], ["--probe"]]:
        process = start("limits", *words, preexec_fn=limited(8 * M))
        process.stdout.read(), process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = 0
        assert status == 0
        usages.append(usage.ru_maxrss * K)
    assert abs(usages[1] - usages[0]) < 4 * M, usages


def test_exempt():
    def prepare():
        resource.setrlimit(resource.RLIMIT_MEMLOCK, (0, 0))
    told = json.loads(run("limits", "--probe", "--json", preexec_fn=prepare).stdout)
    assert told["cap_ipc_lock"] is True, told
    free = {"unlimited": True, "bytes": None}
    assert told["memlock_remaining"] == told["probed"] == free, told
    assert told["memlock_soft"] == {"unlimited": False, "bytes": 0}, told
    # What binds is the least of the rest.
    rooms = [for_pages(g["limit"]["bytes"] - (g["usage"] - g["reclaimable"]))
             for g in told["cgroups"] if not g["limit"]["unlimited"]]
    assert told["available"] == min([told["memory_available"], *rooms]), told


def test_other():
    process, _ = holder(N, preexec_fn=limited(64 * K, 128 * K))
    told = json.loads(run("limits", "--pid", str(process.pid), "--json").stdout)
    assert told["pid"] == process.pid, told
    assert (told["memlock_soft"]["bytes"], told["memlock_hard"]["bytes"]) == (64 * K, 128 * K)
    assert told["wired"] == 16 * K, told
    assert told["memlock_remaining"]["bytes"] == 48 * K, told
    [row] = [row for row in told["host"]["holders"] if row["pid"] == process.pid] or [None]
    assert row is None or (row["command"], row["wired"]) == ("shmtool", 16 * K), row
    assert told["host"]["wired_by_processes"] >= 16 * K, told
    need = run("limits", "--pid", str(process.pid), "--need", "64K")
    assert need.returncode == 1 and b"'ulimit -S -l 80'" in need.stdout, need
    assert run("limits", "--pid", str(process.pid), "--need", "48K").returncode == (
        2 if re.search("Seccomp:\\t[12]", open("/proc/self/status").read()) else 0)
    assert stop(process)[0] == -15
    refused(
        run("limits", "--pid", str(process.pid)), 66,
        f"cannot read the limits of process {process.pid}: no such process")


def test_together():
    sizes = {"yes": "4K", "no": "4000T", None: None}
    for need, wanted in sizes.items():
        for room, space in sizes.items():
            words = (["--need", wanted] if need else []) + (["--room", space] if room else [])
            code = 1 if "no" in (need, room) else 0
            for quiet in (["-q"], ["--quiet"], ["-qb"], ["-q", "--bytes"]):
                result = run("limits", *quiet, *words)
                assert result.returncode == code and not result.stdout and not result.stderr, (words, result)
            result = run("limits", *words)
            assert result.returncode == code and not result.stderr, result
            said = result.stdout.decode()
            wired = re.findall(r"^\d+ [KT]iB more (can|cannot) be wired", said, re.M)
            created = re.findall(r"^\d[\d.]* \wiB (can|cannot) be created", said, re.M)
            assert wired == ([{"yes": "can", "no": "cannot"}[need]] if need else []), (words, said)
            assert created == ([{"yes": "can", "no": "cannot"}[room]] if room else []), (words, said)
            if words:
                report = json.loads(run("limits", "--json", *words).stdout)
                assert (report["answer"] is not None) == bool(need)
                assert (report["room"]["answer"] is not None) == bool(room)
    # In bytes: no unit is left.
    for option in ("-b", "--bytes"):
        assert not re.search(r"\d [KMGT]iB", run("limits", option, "--need", "4K", "--room", "4K").stdout.decode())
