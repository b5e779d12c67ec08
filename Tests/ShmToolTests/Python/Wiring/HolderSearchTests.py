import json
import os
import signal
import subprocess
import sys
import tempfile
import time

from support import freeze, line, N, P, run, stop, T, until, wired
from wiring import create, holder, limited, M, refused


def test_removed_name():
    # `remove` renames a region before it unlinks it. The kernel shows that name of a mapping from then on.
    for name in (N + "-plain", N + "-with a space", N + "-a-b-c", N + "-x (deleted)"):
        create(name, "64K")
        pid = json.loads(run("wire", name, "--background", "--json").stdout)["pid"]
        try:
            assert run("remove", name, "-q").returncode == 0
            [row] = [r for r in json.loads(run("wire", "--list", "--json").stdout)["holders"]
                     if r["pid"] == pid]
            assert row["removed"] and row["region"] == name, row
            assert b".shmtool-removing" not in run("wire", "--list").stdout
            [entry] = [r for r in json.loads(run("list", "--json", "--pid", str(pid)).stdout)["regions"]
                       if name in r["name"]]
            assert ".shmtool-removing" not in json.dumps(entry), entry
            result = run("unwire", "--pid", str(pid))
            assert name.encode() in result.stderr and b"removing" not in result.stderr, result
        finally:
            run("unwire", "--pid", str(pid), "-q")


def test_nothing_wired():
    def rows():
        return json.loads(run("wire", "--list", N, "--json").stdout)["holders"]
    result = run("wire", N, "--best-effort", "--background", "--json", preexec_fn=limited(0))
    assert result.returncode == 0, result
    pid = json.loads(result.stdout)["pid"]
    assert wired(pid) == 0
    [row] = rows()
    assert (row["pid"], row["wired"], row["background"]) == (pid, 0, True), row
    result = run("unwire", N)
    assert result.stderr.decode() == f"unwired 0 B of '{N}', held by process {pid}\n", result
    until(lambda: not os.path.exists(f"/proc/{pid}") or wired(pid) is None)
    assert rows() == []
    # In the foreground as well, and after its name is gone.
    process, _ = holder(N, "--best-effort", preexec_fn=limited(0))
    [row] = rows()
    assert (row["pid"], row["background"]) == (process.pid, False), row
    assert stop(process)[0] == -15
    pid = json.loads(run("wire", N, "--best-effort", "--background", "--json",
                         preexec_fn=limited(0)).stdout)["pid"]
    os.unlink(P)
    [row] = [r for r in json.loads(run("wire", "--list", "--json").stdout)["holders"]
             if r["pid"] == pid]
    assert row["removed"], row
    assert run("unwire", "--pid", str(pid), "-q").returncode == 0
    open(P, "wb").close()


def test_huge_pages():
    def wired_or_none(pid):
        try:
            return wired(pid)
        except OSError:
            return None
    def pool(name):
        return int(open(f"/sys/kernel/mm/hugepages/hugepages-2048kB/{name}").read())
    before = pool("free_hugepages")
    assert before > 0, "other processes have all huge pages of the pool"
    held = []
    place = tempfile.mkdtemp()
    subprocess.run(["mount", "-t", "hugetlbfs", "-o", "pagesize=2M", "none", place], check=True)
    try:
        region = place + "/region"
        for words in [["wire", region, "--background"], ["wire", region]]:
            assert run("create", region, "2M", "-q").returncode == 0
            if "--background" in words:
                pid = json.loads(run(*words, "--json").stdout)["pid"]
            else:
                process, _ = holder(region)
                pid = process.pid
            held.append(pid)
            [row] = [r for r in json.loads(run("wire", "--list", "--json").stdout)["holders"]
                     if r["pid"] == pid]
            assert row["wired"] == row["resident"] == 2 * M, row
            assert row["inherently_unswappable"] and row["background"] == ("--background" in words)
            text = run("wire", "--list", region).stdout.decode()
            assert f"{region} (huge pages, unswappable)\n" in text, text
            assert run("remove", region, "-q").returncode == 0
            assert pool("free_hugepages") == before - 1
            if "--background" in words:
                result = run("unwire", "--pid", str(pid))
                assert result.returncode == 0 and b"unwired 2 MiB" in result.stderr, result
            else:
                assert stop(process)[0] == -15
            until(lambda: pool("free_hugepages") == before)
    finally:
        for pid in held:
            if wired_or_none(pid) is not None:
                os.kill(pid, signal.SIGTERM)
        subprocess.run(["umount", "-l", place], check=True)
        os.rmdir(place)


def test_stopped():
    def hold(*words):
        return json.loads(run("wire", *words, "--background", "--json").stdout)["pid"]
    names = [N + suffix for suffix in ("", "-b", "-c", "-d", "-e")]
    for name in names[1:]:
        create(name, "8K")
    # Each region has a holder of its own, and all of them share one.
    pids = sorted([*map(hold, names[1:]), hold(*names)])
    running = sorted([hold(N), hold(N + "-b")])
    try:
        for pid in pids:
            freeze(pid)
        begin = time.monotonic()
        result = run("unwire", *names, "/" + N + "-none", "--json")
        taken = time.monotonic() - begin
        # They are waited for together, and once: 5 s, beside the scans of the host's processes. One holder
        # after the other, or one region after the other, would take 25 s.
        begin = time.monotonic()
        run("wire", "--list")
        assert taken < 20 + 4 * (time.monotonic() - begin), taken
        assert result.returncode == 124, result
        told = result.stderr.decode()
        for pid in pids:
            assert (f"cannot end process {pid}: it did not exit "
                    "in 5 s after SIGTERM: it is stopped; it exits when it is continued: "
                    f"'kill -CONT {pid}'") in told, told
        report = json.loads(result.stdout)
        assert sorted(r["pid"] for r in report["regions"]) == running, report
        assert [e["exit_status"] for e in report["errors"]] == [124] * 5 + [66], report
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
            until(lambda: not os.path.exists(f"/proc/{pid}") or wired(pid) is None)
        run("unwire", *names)
        for name in names[1:]:
            os.unlink("/dev/shm/" + name)


def test_frozen():
    group = f"/sys/fs/cgroup/freezer/{N}"
    os.mkdir(group)
    def write(file, text):
        with open(f"{group}/{file}", "w") as out:
            out.write(text)
    pids = sorted(json.loads(run("wire", N, "--background", "--json").stdout)["pid"]
                  for _ in range(2))
    try:
        write("cgroup.procs", str(pids[0]))
        write("freezer.state", "FROZEN")
        until(lambda: open(group + "/freezer.state").read() == "FROZEN\n")
        result = run("unwire", N)
        told = result.stderr.decode()
        assert result.returncode == 124, result
        assert f"held by process {pids[1]}" in told, told
        assert (f"process {pids[0]}: it did not exit in 5 s after SIGTERM: "
                f"it is frozen in the control group /{N}; it exits when the group is thawed"
                ) in told, told
    finally:
        write("freezer.state", "THAWED")
        until(lambda: not open(group + "/cgroup.procs").read())
        os.rmdir(group)
        run("unwire", N)


def test_impostor():
    script = '''import mmap, sys
file = open(sys.argv[1], "r+b")
memory = mmap.mmap(file.fileno(), 0)
print(flush=True)
sys.stdin.read()'''
    process = subprocess.Popen(
        [sys.executable, "-c", script, P, "wire", "--background-holder"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    line(process.stdout)
    assert json.loads(run("wire", "--list", N, "--json").stdout)["holders"] == []
    refused(run("unwire", N), 66, "no background holder has it wired")
    process.stdin.close()
    assert process.wait(30) == 0


def test_no_holder():
    def message(pid, reason):
        refused(run("unwire", "--pid", str(pid)), 66, f"cannot unwire process {pid}: {reason}")
    message(os.getpid(), "it is not a background holder")
    process = subprocess.Popen([T, "wire", N, "--for", "1h"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    line(process.stderr)
    message(process.pid, "it holds regions in the foreground")
    assert process.poll() is None and stop(process)[0] == -signal.SIGTERM
    missing = run("unwire", N + "-not")
    refused(missing, 66, f"cannot unwire '{N}-not': no such region; to unwire a removed region, run ")
    assert missing.stderr.endswith(b"run 'shmtool wire --list' and 'shmtool unwire --pid PID'\n"), missing


def test_several_processes():
    names = [N, N + "-b", N + "-c", N + "-d"]
    for name in names[1:]:
        create(name, "8K")
    def begin():
        return [json.loads(run("wire", name, "--background", "--json").stdout)["pid"] for name in names]
    def held():
        holders = json.loads(run("wire", "--list", *names, "--json").stdout)["holders"]
        return {row["pid"] for row in holders}
    try:
        for words in (lambda a, b, c, d: ["--pid", f"{a},{b}", "--pid", str(c), "--pid", str(d)],
                      lambda a, b, c, d: ["--pid", f"{a}, {b},{c},{d},{a}"]):
            processes = begin()
            assert held() == set(processes)
            result = run("unwire", *words(*processes), "--json")
            report = json.loads(result.stdout)
            assert result.returncode == 0 and not held(), result
            assert sorted(row["pid"] for row in report["regions"]) == sorted(processes), report
        # A process that is no holder is an error, and the others end.
        processes = begin()
        result = run("unwire", "--pid", f"{processes[0]},{os.getpid()}", "--pid", f"{processes[1]}")
        assert result.returncode == 66 and result.stderr.count(b"it is not a background holder") == 1, result
        assert held() == set(processes[2:])
        assert run("unwire", "-q", *names[2:]).returncode == 0
    finally:
        for name in names:
            run("unwire", "-q", name)
        run("rm", "-f", *names[1:])
