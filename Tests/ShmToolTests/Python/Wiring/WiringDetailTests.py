import json
import os
import re
import resource
import select
import subprocess
import sys

from support import line, N, P, run, start, stop, T, until, wired
from wiring import create, holder, K, libc, limited, M, PAGE, refused


def test_core_dumps():
    # The mappings of shared memory in a process, and whether each carries the flag "dd".
    def dumped(pid):
        found, path = [], ""
        for text in open(f"/proc/{pid}/smaps"):
            head = re.match(r"[0-9a-f]+-[0-9a-f]+ (\S+) \S+ \S+ \d+ +(.*)\n", text)
            if head:
                path, shown = head[2], head[1]
            elif text.startswith("VmFlags:") and path.startswith(("/dev/shm/", "/memfd:")):
                found.append((path, shown, "dd" in text.split()))
        return found
    for words in (
            ["wire", N, "-q"], ["wire", N, "-q", "--range", "0:4K", "--range", "8K:"],
            ["map", N], ["map", N, "--read-only"], ["map", N, "--private"],
            ["map", "--anonymous", "64K"], ["create", N + "-new", "64K", "--wired", "-q"]):
        process = start(*words, "--", "sh", "-c", "echo; exec sleep 60")
        line(process.stdout)
        found = dumped(process.pid)
        assert found and all(excluded for _, _, excluded in found), (words, found)
        assert stop(process)[0] == 143
    os.unlink(P + "-new")
    pid = json.loads(run("wire", N, "--background", "--json").stdout)["pid"]
    os.unlink(P)
    found = dumped(pid)
    assert found and all(excluded for _, _, excluded in found), found
    assert run("unwire", "--pid", str(pid), "-q").returncode == 0
    open(P, "wb").close()
    # The ring of a stream.
    sending = start("send", N, "-q", stdin=subprocess.PIPE)
    receiving = start("recv", N, "-q")
    sending.stdin.write(b"x")
    until(lambda: len(dumped(sending.pid)) > 1 and len(dumped(receiving.pid)) > 1)
    for process in (sending, receiving):
        found = dumped(process.pid)
        assert all(excluded for _, _, excluded in found), found
    sending.stdin.close()
    assert sending.wait(30) == 0 and receiving.wait(30) == 0


def test_overlapping():
    for ranges, pages in (
            (["0:8K", "4K:12K"], 3), (["0:64K", "8K:16K", "8K:16K"], 16),
            (["4095+2", "1:2", "4K:8K"], 2), (["32K:", "0:32K"], 16), (["60K:", "0+1"], 2)):
        words = [f"--range={text}" for text in ranges]
        process, text = holder(N, *words, "--json", preexec_fn=limited(pages * PAGE))
        rows = json.loads(text)["regions"]
        assert len(rows) == len(ranges), rows
        assert all(r["wired"] == r["resident"] == r["length"] for r in rows), rows
        assert wired(process.pid) == pages * PAGE, (ranges, wired(process.pid))
        assert stop(process)[0] == -15
    # One region by two names is one.
    os.link(P, P + "-b")
    try:
        process, text = holder(N, N + "-b", N, "--json", preexec_fn=limited(64 * K))
        rows = json.loads(text)["regions"]
        assert [r["region"] for r in rows] == [N, N + "-b", N], rows
        assert wired(process.pid) == 64 * K
        assert stop(process)[0] == -15
        result = run("wire", N, N + "-b", "-q", "--", "sh", "-c", "readlink /proc/self/fd/[34]; echo $SHMTOOL_FDS")
        assert result.stdout.count(b"\n") == 3 and result.stdout.endswith(b"\n2\n"), result
    finally:
        os.unlink(P + "-b")


def test_remedies():
    create(N + "-b", "32K")
    create(N + "-c", "16K")
    words = [N, N + "-b", N + "-c", "--best-effort", "--json"]
    try:
        for limit in (0, 5 * PAGE, 17 * PAGE, 26 * PAGE):
            process, text = holder(*words, preexec_fn=limited(limit, M))
            rows = json.loads(text)["regions"]
            assert wired(process.pid) == sum(r["wired"] for r in rows) == limit, rows
            failures = [r["error"]["hint"] for r in rows if r["error"]]
            assert failures, rows
            for failure in failures:
                # 64, 32 and 16 KiB in all.
                assert re.search("ulimit (-S )?-l 112\\b", failure), failure
            assert stop(process)[0] == -15
        process, text = holder(*words, preexec_fn=limited(112 * K, M))
        assert not any(r["error"] for r in json.loads(text)["regions"]), text
        assert stop(process)[0] == -15
    finally:
        os.unlink(P + "-b")
        os.unlink(P + "-c")


def test_emptied():
    process, _ = holder(N, "--follow")
    os.truncate(P, 0)
    assert " to 0 B" in line(process.stderr)
    assert "it is empty" in line(process.stderr)
    # It is tried again each second without a report.
    assert not select.select([process.stderr], [], [], 3.2)[0], line(process.stderr)
    os.truncate(P, 32 * K)
    assert " to 32 KiB" in line(process.stderr)
    assert line(process.stderr) == f"shmtool: wired 32 KiB of '{N}' again\n"
    os.truncate(P, 0)
    assert " to 0 B" in line(process.stderr)
    assert "it is empty" in line(process.stderr)
    assert stop(process) == (-15, "", "")


def test_secret_memory():
    file = libc.syscall(447, 0)
    if file < 0:
        sys.exit(0)  # no memfd_secret(2) here
    os.ftruncate(file, 64 * K)
    region = f"pid:{os.getpid()}:{file}"
    for words in (["wire", region], ["read", region], ["map", region, "--read-only", "--", "true"]):
        error = refused(run(*words), 65, "it is secret memory (memfd_secret)", "never swaps")


def test_old_kernel():
    def old(*words):
        return subprocess.run(
            ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "inject=madvise:error=EINVAL", T, *words],
            capture_output=True, timeout=60)
    # What the region has while CMD runs: afterwards the kernel may drop pages that were only read.
    count = ["--", "sh", "-c", f"stat -c %b {P} >&2"]
    def blocks(result):
        assert result.returncode == 0, result
        return int(result.stderr.split()[-1]) * 512
    result = old("map", N, "--populate", "--private", "--json", *count)
    [row] = json.loads(result.stdout)["mappings"]
    assert row["copied"] == 3 * M, result
    assert blocks(result) == 3 * M, result
    os.truncate(P, 0)
    os.truncate(P, 3 * M)
    for words in (["--read-only"], []):
        result = old("map", N, "--populate", *words, *count)
        assert blocks(result) == 3 * M, result
        os.truncate(P, 0)
        os.truncate(P, 3 * M)
    result = old("wire", N, *count)
    assert blocks(result) == 3 * M, result


def test_compaction():
    try:
        value = int(open("/proc/sys/vm/compact_unevictable_allowed").read())
    except OSError:
        value = None
    assert json.loads(run("limits", "--json").stdout)["compact_unevictable_allowed"] == value
    text = run("limits").stdout.decode()
    [row] = [r for r in text.split("\n") if r.startswith("compaction moves wired pages")]
    if value is not None:
        assert row.endswith(f"{'yes' if value else 'no'} (vm.compact_unevictable_allowed={value})"), row


def test_cost():
    def seconds(*words):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        result = run("wire", "-q", "--for", "0", *words)
        assert result.returncode == 0, result
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    def ranges(count):
        return [N] + [f"--range={8 * K * i}+4K" for i in range(count)]
    names = [f"{N}-{i}" for i in range(800)]
    try:
        for name in names:
            with open("/dev/shm/" + name, "wb") as file:
                file.write(bytes(PAGE))
        # Four times as many may take five times as long, and not sixteen times.
        for words in (ranges, lambda count: names[:count]):
            base = min(seconds(*words(1)) for _ in range(3))
            few, many = seconds(*words(200)) - base, seconds(*words(800)) - base
            assert many < 8 * few + 0.2, (base, few, many)
    finally:
        for name in names:
            os.unlink("/dev/shm/" + name)
