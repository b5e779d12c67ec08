import os
import select
import signal
import subprocess
import sys

from support import allocated, line, N, P, start, stop, until, wired
from wiring import create, Group, holder, K, limited, M, mappings


def test_follows():
    process, _ = holder(N, "--follow")
    count = len(os.listdir(f"/proc/{process.pid}/fd"))
    os.truncate(P, 128 * K)
    text = line(process.stderr)
    assert text == f"shmtool: '{N}' was resized from 64 KiB to 128 KiB; wiring it again\n", text
    assert line(process.stderr) == f"shmtool: wired 128 KiB of '{N}' again\n"
    assert wired(process.pid) == 128 * K and allocated(P) == 128 * K
    [mapping] = mappings(process.pid, P)
    assert (mapping["bytes"], mapping["lo"], mapping["Rss"]) == (128 * K, True, 128 * K)
    os.truncate(P, 8 * K)
    assert "was resized from 128 KiB to 8 KiB" in line(process.stderr)
    assert line(process.stderr) == f"shmtool: wired 8 KiB of '{N}' again\n"
    assert wired(process.pid) == 8 * K
    os.unlink(P)
    text = line(process.stderr)
    assert text == f"shmtool: '{N}' was removed; its pages stay wired\n", text
    assert wired(process.pid) == 8 * K
    create(N, "16K")
    text = line(process.stderr)
    assert text == f"shmtool: '{N}' was replaced; wiring it again\n", text
    assert line(process.stderr) == f"shmtool: wired 16 KiB of '{N}' again\n"
    assert wired(process.pid) == 16 * K
    assert [m["bytes"] for m in mappings(process.pid, P)] == [16 * K]
    # Descriptors do not pile up.
    until(lambda: len(os.listdir(f"/proc/{process.pid}/fd")) == count)
    assert stop(process) == (-15, "", "")


def test_reports_only():
    process, _ = holder(N)
    os.truncate(P, 128 * K)
    text = line(process.stderr)
    stays = "the wired pages stay wired"
    assert text == f"shmtool: '{N}' was resized from 64 KiB to 128 KiB; {stays}\n", text
    os.unlink(P)
    line(process.stderr)
    create(N, "16K")
    assert line(process.stderr) == f"shmtool: '{N}' was replaced; {stays}\n"
    assert wired(process.pid) == 64 * K
    assert stop(process) == (-15, "", "")


def test_cannot_follow():
    for words in [[], ["--", "sleep", "60"]]:
        process = start("wire", N, "-q", "--follow", *words, preexec_fn=limited(96 * K))
        until(lambda: wired(process.pid) == 64 * K)
        # Empty, as a replacement is for a moment between shm_open and ftruncate.
        os.unlink(P)
        open(P, "wb").close()
        assert "was replaced; wiring it again" in line(process.stderr)
        assert "it is empty" in line(process.stderr)
        assert wired(process.pid) == 64 * K
        # There is room for it once the old pages are released.
        os.truncate(P, 80 * K)
        assert " to 80 KiB" in line(process.stderr)
        assert line(process.stderr) == f"shmtool: wired 80 KiB of '{N}' again\n"
        assert wired(process.pid) == 80 * K
        # No room: what was wired is wired again.
        os.truncate(P, 128 * K)
        assert " to 128 KiB" in line(process.stderr)
        text = line(process.stderr)
        assert f"cannot wire 128 KiB of '{N}': the memlock limit is 96 KiB" in text, text
        assert wired(process.pid) == 80 * K
        assert process.poll() is None
        # It is reported once.
        assert not select.select([process.stderr], [], [], 0.6)[0]
        if words:
            [child] = open(f"/proc/{process.pid}/task/{process.pid}/children").read().split()
            os.kill(int(child), signal.SIGTERM)
            assert process.wait(30) == 143
        else:
            assert stop(process)[0] == -15
        process.communicate()
        os.truncate(P, 64 * K)


def test_ranges():
    process, _ = holder(N, "--follow", "--range", "8K+8K", "--range", "32K:")
    assert "wired 32 KiB" in line(process.stderr)
    assert wired(process.pid) == 40 * K
    os.truncate(P, 128 * K)
    line(process.stderr)
    assert line(process.stderr) == f"shmtool: wired 104 KiB of '{N}' again\n"
    os.truncate(P, 16 * K)
    line(process.stderr)
    text = line(process.stderr)
    assert text == f"shmtool: cannot wire '{N}': offset 32768 is beyond the end of the region (16384 bytes)\n", text
    assert process.poll() is None
    assert stop(process)[0] == -15


def test_room():
    for words in ([], ["--best-effort"], ["--range", "0:"]):
        with Group(32 * M) as group:
            process, _ = holder(N, "--follow", *words, preexec_fn=group.enter())
            for size in (32, 64):
                os.truncate(P, size * M)
                assert f" to {size} MiB" in line(process.stderr)
                text = line(process.stderr)
                assert text.startswith(
                    f"shmtool: cannot follow '{N}' to {size} MiB: "), text
                assert f"cgroup v{group.version} {group.path} leaves " in text, text
                assert text.endswith("; the old pages stay wired\n"), text
                assert wired(process.pid) == M and allocated(P) == M, (process.poll(), text)
            # It is tried again every second, and reported once.
            assert not select.select([process.stderr], [], [], 2.5)[0]
            assert process.poll() is None and wired(process.pid) == M
            # Within the room it follows.
            os.truncate(P, 8 * M)
            assert " to 8 MiB" in line(process.stderr)
            assert line(process.stderr) == f"shmtool: wired 8 MiB of '{N}' again\n"
            assert wired(process.pid) == 8 * M
            # A new region of the same user.
            os.unlink(P)
            assert "was removed" in line(process.stderr)
            create(N, "48M", "--sparse")
            assert "was replaced" in line(process.stderr)
            assert "cannot follow" in line(process.stderr)
            assert wired(process.pid) == 8 * M and allocated(P) == 0
            assert stop(process)[0] == -15
        os.unlink(P)
        create(N, "1M")


def test_other_user():
    def plant(user, size):
        file = os.open(P + ".new", os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
        os.ftruncate(file, size)
        os.fchown(file, user, user)
        os.close(file)
        os.rename(P + ".new", P)
    try:
        for background in ([], ["--", "sleep", "60"]):
            process = start("wire", N, "-q", "--follow", *background)
            until(lambda: wired(process.pid) == 64 * K)
            for size in (8 * M, 16 * M):
                plant(65534, size)
                text = line(process.stderr)
                assert text == (
                    f"shmtool: '{N}' was replaced; it belongs to uid 65534 instead of uid 0, so it is not "
                    "followed; the old pages stay wired\n"), text
                assert wired(process.pid) == 64 * K and allocated(P) == 0
            os.truncate(P, 32 * M)
            assert "so it is not followed" in line(process.stderr)
            plant(0, 128 * K)
            assert "was replaced; wiring it again" in line(process.stderr)
            assert line(process.stderr) == f"shmtool: wired 128 KiB of '{N}' again\n"
            assert wired(process.pid) == 128 * K
            # Given away after it was wired: it grows, and its owner is another one.
            os.chown(P, 65534, 65534)
            os.truncate(P, 4 * M)
            assert "belongs to uid 65534" in line(process.stderr)
            assert wired(process.pid) == 128 * K
            process.send_signal(signal.SIGTERM)
            process.wait(30)
            process.communicate()
            plant(0, 64 * K)
    finally:
        if os.path.exists(P + ".new"):
            os.unlink(P + ".new")


def test_memory_file():
    other = subprocess.Popen(
        [sys.executable, "-c", '''import os, time
file = os.memfd_create("shmtool-test")
os.ftruncate(file, 65536)
print(file, flush=True)
time.sleep(60)'''], stdout=subprocess.PIPE)
    region = f"pid:{other.pid}:{int(line(other.stdout))}"
    process, _ = holder(region, "--follow")
    assert wired(process.pid) == 64 * K
    other.kill()
    other.wait()
    assert line(process.stderr) == f"shmtool: '{region}' was removed; its pages stay wired\n"
    assert wired(process.pid) == 64 * K
    assert stop(process)[0] == -15
