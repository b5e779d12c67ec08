import json
import mmap
import os
import subprocess
import time

from inspection import address, lock, region_of
from support import N, run, T
from wiring import libc, PAGE


def test_other_user():
    file = region_of(8 * PAGE)
    os.fchmod(file, 0o644)
    memory = mmap.mmap(file, 8 * PAGE)
    memory[0] = 1
    lock(memory, 0, 1)
    script = '''exec 9<"$1"; shift
exec setpriv --reuid 65534 --regid 65534 --clear-groups /proc/self/fd/9 inspect "$@"'''
    def other(*words):
        return subprocess.run(["/bin/bash", "-c", script, "bash", T, *words], capture_output=True)
    told = other(N, "--json")
    assert told.returncode == 0, told
    [region] = json.loads(told.stdout)["regions"]
    pages = region["pages"]
    assert pages["allocated"] == PAGE and pages["hole"] == 7 * PAGE, pages
    assert pages["wired"] is None and pages["wired_source"] == "mappings", pages
    assert region["users_complete"] is False and region["used"] is not False, region
    # A region without read permission is described by its status.
    os.fchmod(file, 0o600)
    [region] = json.loads(other(N, "--json").stdout)["regions"]
    assert region["pages"]["resident"] is None and region["size"] == 8 * PAGE, region
    assert b"\nwired       unknown\n" in other(N).stdout
    refused = other(f"{os.getpid()}@0x1000")
    assert refused.returncode == 77 and b"permission to inspect process " in refused.stderr, refused
    refused = other("--pid", str(os.getpid()))
    assert (refused.returncode, refused.stdout) == (77, b""), refused


def test_hidden():
    file = region_of(4 * PAGE)
    memory = mmap.mmap(file, 4 * PAGE)
    memory[0] = 1
    script = '''mount --make-rprivate / && mount -t proc -o hidepid=2 proc /proc || exit 42
exec 9<"$1"
exec setpriv --reuid 65534 --regid 65534 --clear-groups /proc/self/fd/9 inspect "$2" --json'''
    os.fchmod(file, 0o644)
    told = subprocess.run(["unshare", "-m", "/bin/bash", "-c", script, "bash", T, N],
                          capture_output=True)
    assert told.returncode == 0, told
    [region] = json.loads(told.stdout)["regions"]
    assert region["users"] == [] and region["used"] is not False, region
    assert region["users_complete"] is False and region["pages"]["wired"] is None, region


def test_namespace():
    file = region_of(4 * PAGE)
    memory = mmap.mmap(file, 4 * PAGE)
    memory[0] = 1
    told = subprocess.run(["unshare", "-Urpf", "--mount-proc", T, "inspect", N, "--json"],
                          capture_output=True)
    assert told.returncode == 0, told
    [region] = json.loads(told.stdout)["regions"]
    assert region["pages"]["wired"] is None and region["pages"]["wired_source"] != "frames", region
    told = subprocess.run(["unshare", "-Urpf", "--mount-proc", T, "inspect", N], capture_output=True)
    assert b"\nwired       unknown, because not all processes could be inspected\n" in told.stdout, told
    assert region["used"] is not False and region["users_complete"] is False, region


def test_names():
    file = os.memfd_create("a\x1b[2Jb\u202ec\r\nd")
    os.ftruncate(file, PAGE)
    memory = mmap.mmap(file, PAGE)
    libc.prctl(15, b"\x1b]0;x\x07evil", 0, 0, 0)
    for words in (("--pid", str(os.getpid())), (f"pid:{os.getpid()}:{file}", "--pages"),
                  (f"{os.getpid()}@{address(memory):#x}",)):
        for json_too in ((), ("--json",)):
            result = run("inspect", *words, *json_too)
            text = result.stdout.decode()
            for character in ("\x1b", "\x07", "\r", "\u202e"):
                assert character not in text, (words, text)
            if json_too:
                json.loads(text)
            else:
                assert "\\x1b[2J" in text, text


def test_changing_processes():
    pages = 64
    file = region_of(pages * PAGE)
    os.pwrite(file, bytes(pages * PAGE), 0)
    steady = mmap.mmap(file, pages * PAGE)
    stop_at = time.monotonic() + 12
    def churn():
        made = 0
        memory = mmap.mmap(file, pages * PAGE)
        while time.monotonic() < stop_at:
            child = os.fork()
            if child == 0:
                mine = mmap.mmap(file, pages * PAGE, mmap.MAP_PRIVATE)
                mine[0] = 1
                mine.close()
                os._exit(0)
            os.waitpid(child, 0)
            made += 1
            time.sleep(0.003)
        os._exit(min(255, made // 10))
    churners = []
    for _ in range(2):
        child = os.fork()
        if child == 0:
            churn()
        churners.append(child)
    looks = 0
    while time.monotonic() < stop_at:
        for words in ((N,), (N, "--pages"), ("--pid", str(churners[0]))):
            result = run("inspect", *words, "--json")
            assert (result.returncode, result.stderr) == (0, b""), result
            for region in json.loads(result.stdout)["regions"]:
                if region["region"] != N:
                    continue
                counts = region["pages"]
                assert counts["resident"] == pages * PAGE and counts["hole"] == 0, region
                seen = {user["pid"]: user for user in region["users"]}
                assert os.getpid() in seen, region
                for user in seen.values():
                    for row in user["mappings"]:
                        assert row["length"] == pages * PAGE and row["offset"] == 0, row
                        assert row["resident"] is None or 0 <= row["resident"] <= row["length"], row
            looks += 1
    made = sum(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) * 10 for child in churners)
    assert looks >= 3 and made >= 20, (looks, made)
