import mmap
import select
import subprocess
import sys

from support import N, P, run, start, stop, until, wired
from wiring import Group, holder, M, mappings, PAGE, pages


def test_pressure(control):
    # More than the limit leaves, touched piece by piece: it drives out what can go.
    presser = '''import mmap, os, time
memory = mmap.mmap(-1, 128 << 20)
for offset in range(0, len(memory), 4096):
    memory[offset:offset + 64] = os.urandom(64)
    if offset % (8 << 20) == 0:
        print(flush=True)
        time.sleep(0.15)
print("all", flush=True)
time.sleep(60)'''
    with Group(160 * M) as group:
        # A page is charged to the group whose process touches it first.
        for name in (N, control):
            made = run("create", name, "64M", "-q", preexec_fn=group.enter())
            filled = run("fill", name, "--random", "-q", preexec_fn=group.enter())
            assert (made.returncode, filled.returncode) == (0, 0), (made, filled)
        holder = start("wire", N, "-q", preexec_fn=group.enter())
        until(lambda: wired(holder.pid) == 64 * M)
        pressing = subprocess.Popen(
            [sys.executable, "-c", presser], preexec_fn=group.enter(), stdout=subprocess.PIPE,
            bufsize=0)
        looks, said, lowest, most = 0, b"", 64 * M, 0
        while b"all" not in said or looks < 3:
            here, there = pages(N), pages(control)
            lowest = min(lowest, here["resident"])
            most = max(most, there["swapped"])
            assert here["swapped"] == 0, here
            looks += 1
            if select.select([pressing.stdout], [], [], 0)[0]:
                more = pressing.stdout.read(100)
                assert more, "what presses was killed"
                said += more
        assert lowest == 64 * M and wired(holder.pid) == 64 * M
        assert most >= 24 * M, most
        [mapping] = mappings(holder.pid, P)
        assert mapping["Rss"] == mapping["Locked"] == 64 * M, mapping
        pressing.kill()
        pressing.communicate()
        # Unwired, it goes like the other.
        assert stop(holder)[0] == -15
        print(f"64 MiB wired: {lowest // M} MiB resident in {looks} looks, 0 swapped;",
              f"64 MiB not wired: up to {most // M} MiB swapped out")


def test_swapped_in():
    assert run("fill", N, "--random", "--seed", "1", "-q").returncode == 0
    with open(P, "r+b") as file:
        memory = mmap.mmap(file.fileno(), 0)
    memory[0]
    # MADV_PAGEOUT takes what this mapping alone has: it is touched here, page by page.
    for offset in range(0, 16 * M, PAGE):
        memory[offset]
    memory.madvise(21)
    out = pages(N)["swapped"]
    assert out >= 8 * M, out
    process, text = holder(N)
    assert "checked: 16 MiB resident" in text, text
    memory.madvise(21)
    assert (pages(N)["swapped"], pages(N)["resident"]) == (0, 16 * M)
    assert stop(process)[0] == -15
    assert run("verify", N, "--random", "--seed", "1", "-q").returncode == 0
