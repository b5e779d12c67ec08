# Looks at a host of many processes with many mappings, under limits on addresses from hardly enough to start
# up to what the looks need. N is a region's name.
import atexit
import json
import mmap
import os
import resource
import signal

from support import N, run

PROCESSES, REGIONS = 64, 48
os.environ["SWIFT_BACKTRACE"] = "enable=no"
files = [os.memfd_create(N) for _ in range(REGIONS)]
for file in files:
    os.ftruncate(file, 4096)
memory = [mmap.mmap(file, 4096) for file in files]
children = []


def end():
    for child in children:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)



atexit.register(end)
for _ in range(PROCESSES):
    child = os.fork()
    if child == 0:
        signal.pause()
        os._exit(0)
    children.append(child)


def limited(kind, size, *words):
    return run(*words, preexec_fn=lambda: resource.setrlimit(kind, (size, size)))



STEP = 1 << 20
KEYS = ["code", "exit_status", "hint", "message", "region"]
for kind, word in ((resource.RLIMIT_AS, "ulimit -v"), (resource.RLIMIT_DATA, "ulimit -d")):
    floor = next(n for n in range(1, 800) if limited(kind, n * STEP, "--version").returncode == 0)
    for words in (["list", "--json"], ["list", "--stale"], ["remove", "--stale", "-qJ"]):
        refused, size = 0, floor * STEP
        while True:
            result = limited(kind, size, *words)
            if result.returncode == 0:
                break
            refused += 1
            told = result.stderr.decode()
            assert result.returncode == 79 and result.stdout == b"", (size, floor, words, result)
            lines = told.splitlines()
            assert told.startswith("shmtool: cannot ") and told.endswith("\n"), told
            assert len(lines) == 1 + ("json" in words[1] or "J" in words[-1]), (words, told)
            if len(lines) == 2:
                error = json.loads(lines[1])["error"]
                assert error["code"] == "no_space" and error["exit_status"] == 79, error
                assert lines[0] == f"shmtool: {error['message']}; {error['hint']}", told
                assert list(error) == sorted(error) == KEYS and lines[1].endswith('},"schema":2}'), told
            assert f"{word}', now {size >> 10} KiB" in told or "cannot allocate" not in told, told
            # Two heaps of threads alone would take 128 MiB.
            assert size < (floor + 100) * STEP, (size, floor, words)
            size += STEP
        assert refused or words[0] == "remove" or kind == resource.RLIMIT_DATA, (kind, words)
        # What has been enough is enough for good, and the answer is whole.
        result = limited(kind, size + 8 * STEP, "list", "--json", "--kind", "memfd")
        rows = json.loads(result.stdout)["regions"]
        mine = [row for row in rows if row["name"] == N]
        assert len(mine) == REGIONS and all(len(row["users"]) >= PROCESSES for row in mine), len(mine)
