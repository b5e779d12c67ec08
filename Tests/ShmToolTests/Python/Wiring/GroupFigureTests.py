import json
import os
import re
import subprocess
import sys

from support import N, P, run, start, stop
from wiring import create, Group, holder, M


def test_tables():
    told = set()
    for limit in (3 * M, 4 * M, 5 * M, 6 * M, 8 * M, 16 * M):
        with Group(limit) as group:
            for words in (["wire", N, "--for", "0", "-q"], ["wire", N, "--best-effort", "--for", "0", "-q"],
                          ["map", N, "--populate", "--", "true"],
                          ["map", N, "--populate", "--read-only", "--", "true"],
                          ["map", N, "--populate", "--private", "--read-only", "--", "true"]):
                result = run(*words, preexec_fn=group.enter())
                assert result.returncode in (0, 78, 79), (limit, words, result)
                told.add((limit, result.returncode == 0 or "--best-effort" in words))
    assert (3 * M, False) in told and (16 * M, False) not in told, told


def test_ranges():
    ranges = [word for i in range(600) for word in ("--range", f"{2 * i}M+4K")]
    assert run("wire", N, *ranges, "--for", "0", "-q").returncode == 0
    for limit in (3 * M, 5 * M, 7 * M, 24 * M):
        with Group(limit) as group:
            result = run("wire", N, *ranges, "--for", "0", "-q", preexec_fn=group.enter())
            assert result.returncode in (0, 78), (limit, result)
            assert (result.returncode == 78 if limit == 3 * M else True), result
    assert result.returncode == 0, result


def test_advised(kind):
    for limit, size in ((16, 15), (16, 47), (32, 31), (32, 300), (24, 1024)):
        words = {
            "create": ["create", N, f"{size}M"],
            "create_wired": ["create", N, f"{size}M", "--wired", "--", "true"],
            "wire": ["wire", N, "--for", "0", "-q"],
            "map": ["map", N, "--populate", "--", "true"],
            "fill": ["fill", N, "--byte", "3", "-q"],
            "need": ["limits", "--need", f"{size}M"],
            "room": ["limits", "--room", f"{size}M"]}[kind]
        with Group(limit * M) as group:
            if kind in ("wire", "map", "fill"):
                create(N, f"{size}M", "--sparse")
            result = run(*words, preexec_fn=group.enter())
            assert result.returncode in (1, 78, 79), (size, result)
            text = (result.stdout if words[0] == "limits" else result.stderr).decode()
            figure = int(re.search(r"raise memory\.\S+ of control group \S+ to (\d+) bytes", text)[1])
            assert figure % M == 0 and figure < limit * M + size * M * 1.02 + 4 * M, (figure, text)
            file = "memory.limit_in_bytes" if group.version == 1 else "memory.max"
            with open(f"{group.place}/{file}", "w") as limits:
                limits.write(str(figure))
            result = run(*words, preexec_fn=group.enter())
            assert result.returncode == 0, (limit, size, figure, result)
        if os.path.exists(P):
            os.unlink(P)


def test_best_effort():
    disk = f"/var/tmp/{N}.file"
    try:
        for size, cached in ((30, 0), (30, 15), (30, 30), (48, 47)):
            with open(disk, "wb") as file:
                file.write(bytes(size * M))
                file.flush()
                os.fsync(file.fileno())
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            with Group(28 * M) as group:
                subprocess.run(
                    ["dd", "if=" + disk, "of=/dev/null", "bs=1M", f"count={cached}", "status=none"],
                    preexec_fn=group.enter(), check=True)
                process, text = holder(disk, "--best-effort", "--json", preexec_fn=group.enter())
                row = json.loads(text)["regions"][0]
                assert 16 * M < row["wired"] < 28 * M, row
                assert f"cgroup v{group.version} {group.path} has a limit of 28 MiB" in row["error"]["message"], row
                assert "try again" not in row["error"]["message"], row
                assert stop(process)[0] == -15
    finally:
        os.unlink(disk)


def test_at_once():
    for count, size in ((2, 40), (4, 28), (6, 20)):
        with Group(64 * M) as group:
            names = [f"{N}-{i}" for i in range(count)]
            try:
                all = [start("create", name, f"{size}M", "-q", preexec_fn=group.enter()) for name in names]
                codes = [process.wait(60) for process in all]
                assert set(codes) <= {0, 79}, (size, codes)
                for name, code in zip(names, codes):
                    assert os.path.exists("/dev/shm/" + name) == (code == 0), (name, code)
            finally:
                for name in names:
                    if os.path.exists("/dev/shm/" + name):
                        os.unlink("/dev/shm/" + name)


def test_other_process():
    assert run("fill", N, "--byte", "5").returncode == 0
    script = ("import ctypes, mmap, sys, time; m = mmap.mmap(-1, 40 << 20, flags=34)\n"
              "for i in range(0, int(sys.argv[1]) << 20, 4096): m[i] = 1\n"
              "print(ctypes.addressof(ctypes.c_char.from_buffer(m)), flush=True); time.sleep(60)")
    for limit, touched, length, code in ((32, 0, "40M", 79), (64, 0, "40M", 0), (32, 16, "20M", 0),
                                         (32, 16, "40M", 79), (32, 20, "16M", 0)):
        with Group(limit * M) as group:
            other = subprocess.Popen([sys.executable, "-c", script, str(touched)], preexec_fn=group.enter(),
                                     stdout=subprocess.PIPE)
            try:
                place = f"{other.pid}@{hex(int(other.stdout.readline()))}"
                result = run("copy", N, place, "--length", length)
                assert result.returncode == code and other.poll() is None, (limit, result, other.poll())
                if code:
                    assert f"{group.path} leaves ".encode() in result.stderr, result
            finally:
                other.kill()
                other.wait()
