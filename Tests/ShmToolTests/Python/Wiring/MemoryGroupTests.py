import json
import os
import re
import signal
import subprocess

from support import allocated, N, P, run, stop, wired
from wiring import create, for_pages, Group, holder, K, limited, M, pages, refused


def test_refused():
    with Group(32 * M) as group:
        for words in [[], ["--background"]]:
            result = run("wire", N, *words, preexec_fn=group.enter())
            refused(
                result, 78, f"cannot wire '{N}': needs 48 MiB more in RAM, but "
                f"cgroup v{group.version} {group.path} leaves ", " MiB; raise memory.",
                f" of control group {group.path} to ")
        assert allocated(P) == 0
        # A part has room.
        process, _ = holder(N, "--length", "4M", preexec_fn=group.enter())
        # While it is wired: afterwards the kernel may drop pages of a tmpfs that were only read.
        assert allocated(P) == 4 * M, allocated(P)
        assert stop(process)[0] == -15


def test_best_effort():
    with Group(32 * M) as group:
        for words in [[], ["--range", "0:24M", "--range", "20M:"]]:
            process, text = holder(N, "--best-effort", "--json", *words, preexec_fn=group.enter())
            rows = json.loads(text)["regions"]
            kept = wired(process.pid)
            assert 16 * M < kept < 32 * M, (kept, rows)
            assert rows[-1]["wired"] < rows[-1]["length"], rows
            failure = rows[-1]["error"]["message"]
            assert f"cgroup v{group.version} {group.path} has a limit of 32 MiB" in failure, failure
            assert stop(process)[0] == -15
            os.unlink(P)
            create(N, "48M", "--sparse")


def test_reserved():
    with Group(64 * M) as group:
        assert run("create", N, "44M", preexec_fn=group.enter()).returncode == 0
        # Reserved, and not resident: it is charged, and needs no room once more.
        assert pages(N)["reserved"] == 44 * M
        result = run("wire", N, "--for", "0", preexec_fn=group.enter())
        assert result.returncode == 0 and b"warning" not in result.stderr, result
        assert pages(N)["resident"] == 44 * M
        result = run("create", N + "-b", "12M", "--sparse", preexec_fn=group.enter())
        result = run("wire", N + "-b", "--for", "0", preexec_fn=group.enter())
        os.unlink(P + "-b")
        assert result.returncode == 0, result
        assert f"shmtool: warning: wiring '{N}-b' takes 12 MiB of the ".encode() in result.stderr, result


def test_forced():
    with Group(32 * M) as group:
        result = run("wire", N, "--force", "-q", "--for", "0", preexec_fn=group.enter())
        assert result.returncode == -signal.SIGKILL, result
        # The warning came first: the group's name and its figures.
        assert f"cgroup v{group.version} {group.path} leaves".encode() in result.stderr, result
        assert not json.loads(run("wire", "--list", N, "--json").stdout)["holders"]


def test_limits():
    with Group(48 * M) as group:
        def limits(*words):
            return run("limits", *words, preexec_fn=group.enter())
        told = json.loads(limits("--json").stdout)
        [mine] = [g for g in told["cgroups"] if g["path"] == group.path]
        assert mine["limit"] == {"unlimited": False, "bytes": 48 * M}, mine
        assert mine["version"] == group.version, mine
        assert told["binding"] == f"cgroup v{group.version} {group.path}", told
        room = for_pages(48 * M - (mine["usage"] - mine["reclaimable"]))
        assert told["available"] == room and 16 * M < room <= 48 * M, told
        text = limits().stdout.decode()
        assert re.search(f"cgroup v{group.version} {group.path} +48 MiB, .* used", text), text
        assert f"limited by cgroup v{group.version} {group.path}" in text, text
        yes = limits("--need", "8M")
        assert yes.returncode == 0 and b"8 MiB more can be wired" in yes.stdout, yes
        no = limits("--need", "48M")
        words = f"48 MiB more cannot be wired: limited by cgroup v{group.version} {group.path}; raise"
        assert no.returncode == 1 and words in no.stdout.decode(), no
        # Another process of the group, seen from outside.
        other = subprocess.Popen(["sleep", "60"], preexec_fn=group.enter())
        told = json.loads(run("limits", "--pid", str(other.pid), "--json").stdout)
        assert group.path in [g["path"] for g in told["cgroups"]], told
        other.kill()
        other.wait()


def test_circumstances():
    own = f"shmtool-test-{os.getpid()}"
    for name, words in [
        (own + ".service", f"(control group /{own}.service): set LimitMEMLOCK=65536 with "
         f"'systemctl edit {own}.service', then 'systemctl restart {own}.service'"),
        ("docker-" + own, f"a Docker container (control group /docker-{own}): start the container "
         "with --ulimit memlock=65536:65536 (compose: ")]:
        with Group(1 << 30, name) as group:
            def limits(*words, limit=4 * K):
                return run("limits", *words, preexec_fn=group.enter(limited(limit, 4 * K)))
            result = limits("--need", "64K", "--json")
            answer = json.loads(result.stdout)["answer"]
            assert words in answer.pop("hint"), answer
            assert result.returncode == 1 and answer == {
                "need": 64 * K, "possible": False, "refused_by": "the memlock limit"}, answer
            create(own, "64K")
            try:
                refused(
                    run("wire", own, preexec_fn=group.enter(limited(4 * K))), 78, "; ", words)
            finally:
                os.unlink("/dev/shm/" + own)
            result = limits("--need", "1T", "--json")
            answer = json.loads(result.stdout)["answer"]
            assert answer["possible"] is False and answer["hint"], answer
