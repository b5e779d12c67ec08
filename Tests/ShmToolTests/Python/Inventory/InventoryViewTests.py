import json
import mmap
import os
import signal
import subprocess
import tempfile
import time

from faults import mount, private
from inventory import ME, memfd, PAGE, report, row, rows, segment, users
from support import N, P, run, T, until


# Whether it is a region of a test that runs at the same time. Some of these really are larger than any memory.
def is_of_another_test(region):
    return region["name"] is not None and "shmtool-test-" in region["name"] and not (
        N in region["name"] or f"shmtool-test-{ME}-" in region["name"])


def test_churn():
    label = f"shmtool-test-{ME}-steady"
    steady = memfd(label, 4 * PAGE)
    memory = mmap.mmap(steady, 4 * PAGE)
    changing = os.fork()
    if changing == 0:
        while os.getppid() == ME:
            maps = [mmap.mmap(-1, (n + 1) * PAGE) for n in range(20)]
            with open(P, "w+b") as file:
                file.truncate(PAGE)
                one = mmap.mmap(file.fileno(), PAGE)
            os.unlink(P)
        os._exit(0)
    spawned = [0]
    spawner = os.fork()
    if spawner == 0:
        # Two hundred a second, each with a separate mapping for a moment.
        while os.getppid() == ME:
            begun = time.monotonic()
            for _ in range(20):
                child = os.fork()
                if child == 0:
                    mmap.mmap(-1, PAGE)[0] = 1
                    os._exit(0)
                os.waitpid(child, 0)
            time.sleep(max(0, 0.1 - (time.monotonic() - begun)))
        os._exit(0)
    try:
        end = time.monotonic() + 4
        looks = 0
        while time.monotonic() < end or looks < 3:
            found = report()
            for r in found["regions"]:
                for size in [] if is_of_another_test(r) else [r["size"], r["allocated"]]:
                    assert size is None or 0 <= int(size) < 1 << 50, r
                assert len(set(users(r))) == len(users(r)), r
                assert r["used"] is not False or not r["users"], r
            mine = row(found["regions"], name=label)
            assert ME in users(mine), mine
            looks += 1
    finally:
        for child in (changing, spawner):
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


def test_foreign_names():
    bad = os.fsencode(P) + b"\x1b[2J\xff\n"
    files = [os.memfd_create(f"{N}\x1b[2J\udcff\nend"), os.open(bad, os.O_CREAT | os.O_RDWR)]
    for file in files:
        os.ftruncate(file, PAGE)
    try:
        maps = [mmap.mmap(file, PAGE) for file in files]
        found = [r for r in rows("--pid", str(ME)) if N in r["region"]]
        assert {r["kind"] for r in found} == {"memfd", "posix"}, found
        for r in found:
            assert users(r) == [ME] and r["name"].startswith("bytes:"), r
            assert "%1B%5B2J%FF%0A" in r["name"], r
        text = run("list").stdout
        assert b"\x1b" not in text and b"\xff" not in text, text
        assert sum(N.encode() in l for l in text.split(b"\n")) == 2, text
        # Mapped only, the kernel writes the line end as \012.
        for file in files:
            os.close(file)
        found = [r for r in rows("--pid", str(ME)) if N in r["region"]]
        assert len(found) == 2 and all(users(r) == [ME] for r in found), found
        assert b"\x1b" not in run("list").stdout
    finally:
        os.unlink(bad)


def test_filters():
    file = memfd(N, PAGE)
    assert run("create", N, "4K", "-q").returncode == 0
    def mine(*words):
        return {r["kind"] for r in rows(*words) if r["name"] == N}
    assert mine() == mine("--user", str(os.geteuid())) == {"memfd", "posix"}
    assert mine("--kind", "memfd", "--kind", "sysv") == {"memfd"}
    assert mine("--pid", str(ME)) == {"memfd"}
    assert mine("--stale") == {"posix"}
    assert mine("--user", "4294967000") == set()
    for words, code in ([["--user", "no-such-user"], 66], [["--pid", "4194303"], 66],
                        [["--pid", "0"], 64], [["--kind", "memfd,none"], 64]):
        result = run("list", *words)
        assert (result.returncode, result.stdout) == (code, b""), result
    # The last line is about all regions, so a selection has no such line.
    assert b"Shmem: " in run("list").stdout
    for words in (["--kind", "posix"], ["--no-headings"], ["--stale"]):
        assert b"Shmem: " not in run("list", *words).stdout, words


def test_directory_service():
    with tempfile.TemporaryDirectory() as place:
        getent = place + "/getent"
        with open(getent, "w") as file:
            file.write('#!/bin/sh\ncase $* in "passwd -- 123456"|"passwd -- alice")'
                       ' echo "alice:x:123456:123456:Alice:/:/bin/sh" ;; *) exit 2 ;; esac')
        os.chmod(getent, 0o755)
        assert run("create", N, "4K", "-q").returncode == 0
        os.chown("/dev/shm/" + N, 123456, 0)
        def owners(*words):
            found = json.loads(run("list", "--json", *words).stdout)["regions"]
            return [row["owner"] for row in found if row["name"] == N]
        assert owners() == ["123456"] == owners("--user", "123456"), owners()
        private("--bind", getent, "/usr/bin/getent")
        # getent(1) has two seconds, which may pass on a machine that has much to do.
        until(lambda: owners() == ["alice"])
        until(lambda: run("list", "--user", "alice").returncode == 0
              and owners("--user", "alice") == ["alice"])
        until(lambda: owners("--user", "123456") == ["alice"])
        assert owners("--user", "root") == []
        assert run("list", "--user", "bob").returncode == 66
        # One that does not answer is not waited for: the run would take longer than it may.
        with open(getent, "w") as file:
            file.write("#!/bin/sh\nexec sleep 600\n")
        assert owners() == ["123456"]
        mount("--bind", "/dev/null", "/usr/bin/getent")
        assert owners() == ["123456"], owners()
        for _ in range(2):
            subprocess.run(["umount", "/usr/bin/getent"], check=True)
        # Many lines, some of them malformed. The first line of a number counts.
        passwd = place + "/passwd"
        with open(passwd, "w") as file:
            file.write(":x:123456:\n+:x:123456:\nx\n-bob:x:123456::\ncarol:x:123456:1::/:\nmallory:x:123456:\n")
            file.write("".join(f"user{n}:x:{n}:{n}::/:/bin/sh\n" for n in range(200_000, 300_000)))
        mount("--bind", passwd, "/etc/passwd")
        assert owners() == ["carol"] == owners("--user", "carol")
        subprocess.run(["umount", "/etc/passwd"], check=True)


def test_columns():
    file = memfd(f"shmtool-test-{ME}-columns", PAGE)
    number, address = segment(PAGE)
    told = run("list", "--help").stdout.decode().split("and --sort:\n")[1].split("\n\n")[0]
    names = [line.split()[0] for line in told.split("\n") if line.startswith("  ")]
    assert len(names) == 21, names
    whole = run("list", "--output", ",".join(names)).stdout.decode().split("\n")
    assert whole[0].split() == [name.upper() for name in names], whole[0]
    for name in names:
        result = run("list", "--sort", name, "--output", name, "--kind", "memfd", "--kind", "sysv")
        assert result.returncode == 0 and not result.stderr, result
        assert len(result.stdout.split(b"\n")) >= 4, result


def test_hidden(hiding):
    assert run("create", N, "64K", "--mode", "666", "-q").returncode == 0
    with open(P, "r+b") as file, mmap.mmap(file.fileno(), 0) as memory:
        words = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", T]
        def hidden(*more):
            return subprocess.run(["unshare", "-m", "sh", "-c", hiding, "sh", *words, *more],
                                  capture_output=True, timeout=30)
        result = hidden("list", "--json")
        if "unshare -U" in hiding:
            # The user nobody is not mapped there, so the tool runs as the current user.
            words = [T]
            result = hidden("list", "--json")
        assert result.returncode == 0, result
        found = json.loads(result.stdout)
        mine = row(found["regions"], name=N)
        assert mine["used"] is not False, mine
        assert mine["users_complete"] is False, mine
        assert found["hidden_processes"] > 0 or not found["sees_all_processes"], found
        last = hidden("list").stdout.decode().strip().split("\n")[-1]
        assert "may be hidden" in last or "could not be inspected" in last, last
