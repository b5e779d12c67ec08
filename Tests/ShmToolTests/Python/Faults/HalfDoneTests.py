import json
import os
import subprocess
import tempfile

from faults import traced
from support import allocated, N, P, run, T


def test_waiting(*injections):
    # Wired to the end: the parent still runs and has the lock when CMD ends.
    script = 'sleep 0.3; grep -q "VmLck:.* 64 kB" /proc/$PPID/status && exit 7'
    for words in (["wire", N, "-q"], ["map", N]):
        check = script if words[0] == "wire" else "sleep 0.1; exit 7"
        result = traced(injections, *words, "--", "sh", "-c", check)
        assert result.returncode == 7, (words, result)


def test_spawning(injection, code):
    result = traced(injection, "map", N, "--", "sh", "-c", "exit 5")
    assert result.returncode == int(code), result
    assert result.returncode == 5 or result.stderr.startswith(b"shmtool: cannot "), result


def test_unwritten():
    full = open("/dev/full", "w")
    def told(*words, **options):
        result = subprocess.run([T, *words], stdout=full, stderr=subprocess.PIPE, **options)
        assert result.returncode == 74, result
        return result.stderr.decode()
    for words, text in ((["resize", N, "100001"], "resized"), (["fill", N, "--zero"], "filled"),
                        (["write", N, "/etc/passwd"], "wrote"), (["remove", N], "removed")):
        error = told(*words, "--json")
        assert f"already done: {text} " in error and N in error, error
    assert not os.path.exists(P)
    file = os.memfd_create(N, os.MFD_ALLOW_SEALING)
    assert "already done: sealed" in told("seal", f"pid:{os.getpid()}:{file}", "grow", "--json")
    told("create", N, "4K", "--json")
    assert not os.path.exists(P)
    assert run("create", N, "4K", "-q").returncode == 0
    result = run("remove", N + "-none", N, N + "-too", "--json")
    report = json.loads(result.stdout)
    assert result.returncode == 66 and not os.path.exists(P), result
    assert [row["region"] for row in report["regions"]] == [N], report
    assert [(e["region"], e["exit_status"]) for e in report["errors"]] == [
        (N + "-none", 66), (N + "-too", 66)], report


def test_environment():
    # Holes are not read.
    assert run("fill", N, "--byte", "1", "-q").returncode == 0
    with tempfile.TemporaryDirectory(dir="/var/tmp") as place:
        path = place + "/file"
        open(path, "wb").write(b"x" * 65536)
        for injection, limit, words, code, part in (
                ("pread64:error=EFAULT:when=3+", path, ["copy", "file:" + path, "file:" + place + "/new"], 79, "buffer"),
                ("pread64:error=EFAULT", P, ["copy", N, "file:" + place + "/new"], 79, "buffer"),
                ("pread64:error=EFAULT", P, ["copy", N, "file:" + path, "--verify"], 79, "buffer"),
                ("read:retval=0", "/dev/zero", ["fill", N, "--zero"], 74, "ended after 0 of")):
            result = traced(injection, *words, path=limit)
            told = result.stderr.decode()
            assert result.returncode == code and part in told, (injection, words, result)
            assert told.startswith("shmtool: cannot ") and "defect" not in told, told
            assert not os.path.exists(place + "/new"), words


def test_wired_command():
    plain = "/dev/shm/" + N + "-plain"
    open(plain, "w").close()
    try:
        for command, code, stays in (("/none/such", 127, False), (plain, 126, False),
                                     ("false", 1, True)):
            result = run("create", N, "64K", "--wired", "-q", "--", command)
            assert (result.returncode, os.path.exists(P)) == (code, stays), result
            if stays: os.unlink(P)
    finally:
        os.unlink(plain)


def test_grow():
    for size in ("12289", "70001", "40M"):
        for injection in ("ftruncate:error=ENOMEM", "fallocate:error=ENOSPC:when=2"):
            result = traced(injection, "resize", N, size)
            if result.returncode == 0:
                assert run("resize", N, "8192", "--shrink").returncode == 0
            assert (os.stat(P).st_size, allocated(P)) == (8192, 8192), (size, injection, result)


def test_addresses():
    import resource
    assert run("create", N, "1M", "-q").returncode == 0
    with tempfile.TemporaryDirectory(dir="/var/tmp") as place:
        path = place + "/file"
        open(path, "wb").write(os.urandom(1 << 20) + b"x")
        def limited(size, *words):
            return run(*words, preexec_fn=lambda: resource.setrlimit(
                resource.RLIMIT_AS, (size, size)))
        floor = next(m for m in range(8, 800, 4) if limited(m << 20, "--version").returncode == 0)
        for more in (8, 12, 20, 32, 48, 80, 160):
            for words in (["copy", N, "file:" + path, "--direct"],
                          ["copy", "file:" + path, N, "--direct", "--length", "1M"],
                          ["create", N + "-d", "--from", path, "--direct"],
                          ["create", N + "-d", "--from", path], ["fill", N, "--random"],
                          ["verify", N, "--zero"], ["write", N, "/etc/passwd"],
                          ["copy", N, "file:" + path], ["inspect", N, "--json"], ["list", "--json"],
                          ["wire", N, "--", "true"]):
                result = limited((floor + more) << 20, *words)
                assert 0 <= result.returncode < 128 and result.returncode != 70, (
                    floor, more, words, result)
                if os.path.exists(P + "-d"): os.unlink(P + "-d")


def test_planted():
    os.chown(P, 65534, 65534)
    result = run("create", N, "4K", "--open")
    assert result.returncode == 77 and b"belongs to uid 65534" in result.stderr, result
    directory = "/dev/shm/" + N + "-d"
    os.mkdir(directory)
    try:
        open(directory + "/x", "wb").write(bytes(4096))
        os.chown(directory + "/x", 65534, 65534)
        result = run("create", directory + "/x", "4K", "--open", "--json")
        assert json.loads(result.stdout)["owner_id"] == 65534, result
        result = run("create", directory + "/x", "4K", "--open")
        assert result.returncode == 0 and b"which belongs to " in result.stderr, result
    finally:
        os.unlink(directory + "/x")
        os.rmdir(directory)
