import json
import os
import re
import subprocess
import sys

from support import line, N, P, run, stop, until
from wiring import Group, holder, K, M, pages


def test_groups():
    def look():
        return json.loads(run("inspect", N, "--json").stdout)["regions"][0]
    def named(region):
        return {(c["version"], c["path"]): c["bytes"] for c in region["charged"]}
    assert look()["charged"] == [] and look()["charged_unknown"] == 0, look()
    with Group(64 * M) as outer:
        with Group(32 * M, outer.path[1:] + "/inner") as inner:
            def fill(group, offset, size):
                result = run("fill", N, "--byte", "1", "--offset", str(offset), "--length", str(size),
                             preexec_fn=group.enter())
                assert result.returncode == 0, result
            fill(outer, 0, M)
            fill(inner, M, 2 * M)
            fill(outer, 3 * M, 4 * K)
            # A page on which another group works later stays with the first.
            fill(inner, 0, 64 * K)
            before = pages(N)
            region = look()
            assert named(region) == {
                (outer.version, inner.path): 2 * M, (outer.version, outer.path): M + 4 * K}, region
            assert [c["bytes"] for c in region["charged"]] == [2 * M, M + 4 * K], region
            assert region["charged_unknown"] == 0, region
            for charge in region["charged"]:
                place = outer.place.removesuffix(outer.path) + charge["path"]
                assert charge["inode"] == os.stat(place).st_ino, charge
            # Mapped and wired, it is the same; nothing was changed by looking.
            process, _ = holder(N, "--length", "3M")
            assert named(look()) == named(region)
            assert stop(process)[0] == -15
            assert pages(N) == before, (before, pages(N))
            text = [" ".join(row.split()) for row in run("inspect", N).stdout.decode().split("\n")]
            at = text.index(f"charged to cgroup v{inner.version} {inner.path}: 2 MiB (512 pages)")
            assert text[at + 1] == f"cgroup v{inner.version} {outer.path}: 1 MiB (257 pages)", text
            # The list shows the largest.
            row = run("list", "--output", "name,charged", "--no-headings").stdout.decode()
            assert re.search(f"{N} +{inner.path} 2 MiB, 1 more\n", row), row
            [row] = [r for r in json.loads(
                run("list", "--json", "--output", "name,charged").stdout)["regions"] if r["name"] == N]
            assert row["charged"] == region["charged"], row
            [row] = [r for r in json.loads(run("list", "--json").stdout)["regions"] if r["name"] == N]
            assert row["charged"] is None, row
        # Of a group that was removed the one above it is charged, as soon as the kernel has moved the pages.
        until(lambda: named(look()) == {(outer.version, outer.path): 3 * M + 4 * K})


def test_reserved():
    assert run("fill", N, "--byte", "1", "--length", "1M").returncode == 0
    for _ in range(2):
        region = json.loads(run("inspect", N, "--json").stdout)["regions"][0]
        assert sum(c["bytes"] for c in region["charged"]) == M, region
        assert region["charged_unknown"] == 3 * M, region
        assert region["pages"]["reserved"] == 3 * M and region["pages"]["resident"] == M, region
    text = run("inspect", N).stdout.decode()
    assert re.search("\n +unknown: 3 MiB .768 pages., reserved or swapped\n", text), text
    # A memfd, a removed region, and a file on a disk.
    other = subprocess.Popen(
        [sys.executable, "-c", '''import os, sys
import time
file = os.memfd_create("shmtool-test")
os.write(file, bytes(1 << 20))
print(file, flush=True)
time.sleep(60)'''.replace("        ", "")], stdout=subprocess.PIPE)
    reference = f"pid:{other.pid}:{int(line(other.stdout))}"
    region = json.loads(run("inspect", reference, "--json").stdout)["regions"][0]
    assert sum(c["bytes"] for c in region["charged"]) == M, region
    other.kill()
    other.wait()
    # Above 512 MiB it is only counted if it is asked for.
    os.truncate(P, 600 * M)
    assert run("fill", N, "--zero").returncode == 0
    region = json.loads(run("inspect", N, "--json").stdout)["regions"][0]
    assert region["charged"] is None and region["charged_unknown"] is None, region
    assert b"not counted because the region is large; use --charged" in run("inspect", N).stdout
    region = json.loads(run("inspect", N, "--charged", "--json").stdout)["regions"][0]
    assert sum(c["bytes"] for c in region["charged"]) == 600 * M, region["charged"]
