import json
import os
import re
import subprocess
import threading

from support import allocated, N, P, plain_root, run, stop, T, until, wired
from wiring import create, holder, K, limited, M, PAGE, refused


def test_file_system_full():
    plain_root()
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64K,huge=never", "none", "/dev/shm"], check=True)
    with open("/dev/shm/sparse", "wb") as file:
        file.truncate(128 * K)
    # A part of it is present already.
    os.truncate("/dev/shm/sparse", 144 * K)
    with open("/dev/shm/sparse", "r+b") as file:
        os.pwrite(file.fileno(), b"x" * 16 * K, 128 * K)
    text = refused(
        run("wire", "sparse", "--for", "0"), 79,
        "cannot wire 'sparse': needs 128 KiB, but /dev/shm has 48 KiB free of 64 KiB; ",
        "as root: 'mount -o remount,size=1M /dev/shm'\n")
    assert allocated("/dev/shm/sparse") == 16 * K
    # Both are counted together.
    create("other", 64 * K, "--sparse")
    both = run("wire", "sparse", "other", "--range", "0:32K", "--for", "0")
    refused(both, 79, "cannot wire 2 regions: needs 64 KiB, but /dev/shm has 48 KiB free of 64 KiB; ")
    assert allocated("/dev/shm/sparse") == 16 * K and allocated("/dev/shm/other") == 0
    # A part has room.
    assert run("wire", "sparse", "--range", "96K:", "--for", "0").returncode == 0
    assert allocated("/dev/shm/sparse") == 48 * K
    os.unlink("/dev/shm/other")
    os.unlink("/dev/shm/sparse")
    with open("/dev/shm/sparse", "wb") as file:
        file.truncate(128 * K)
    # With --force it is left to the kernel.
    refused(
        run("wire", "sparse", "--for", "0", "--force"), 79, "cannot wire 128 KiB of 'sparse': ",
        " more in RAM, but its file system has 0 B free; ")
    os.unlink("/dev/shm/sparse")
    with open("/dev/shm/sparse", "wb") as file:
        file.truncate(128 * K)
    kept = run("wire", "sparse", "--for", "0", "--best-effort")
    assert kept.returncode == 0 and kept.stderr.decode().startswith(
        "wired 64 KiB of 128 KiB of 'sparse' at offset 0, checked: 64 KiB resident\n"
        "  only a part was wired: cannot wire 128 KiB of 'sparse': "), kept
    assert run("wire", "sparse", "--for", "0", "--range", "0:64K").returncode == 0
    assert b'"wired"' not in run("wire", "--list", "--json", "sparse").stdout
    # What the hint says is enough.
    subprocess.run(re.search("'(mount [^']*)'", text)[1].split(), check=True)
    assert run("wire", "sparse", "--for", "0").returncode == 0


def test_more_than_memory():
    size = 2 * os.sysconf("SC_PHYS_PAGES") * PAGE
    with open(P, "wb") as file:
        file.truncate(size)
    refused(
        run("wire", N), 79, f"cannot wire '{N}': needs ",
        " more in RAM, but available memory leaves ", "; free memory, or use a smaller size")
    assert allocated(P) == 0


def test_shrunk():
    # Shrunk repeatedly during the wiring: it is wired completely, or the error gives the reason.
    ended = threading.Event()
    def change():
        while not ended.is_set():
            os.truncate(P, 64 * K)
            os.truncate(P, 4 * M)
    thread = threading.Thread(target=change)
    thread.start()
    told = set()
    try:
        for _ in range(10):
            result = run("wire", N, "--for", "0")
            assert result.returncode in (0, 74, 79), result
            told.add(result.returncode)
            if result.returncode == 74:
                assert b"the range ends at " in result.stderr, result
                assert b"4194304" in result.stderr, result
    finally:
        ended.set()
        thread.join()


# Whether a child of a process has more wired.
def is_more_wired(parent, size):
    for child in open(f"/proc/{parent}/task/{parent}/children").read().split():
        try:
            if (wired(child) or 0) > size:
                return True
        except OSError:
            # It has ended.
            pass
    return False


def test_best_effort_truncated():
    # A part of 1 MiB after the first part can still be wired.
    for size, cut, kept in ((96 * M, M, [M]), (96 * M, 3 * M + 1, [3 * M + PAGE]), (160 * M, 0, [0]),
                            (160 * M, 65 * M, [64 * M, 65 * M])):
        assert run("remove", "-f", N).returncode == run("create", N, str(size)).returncode == 0
        process = subprocess.Popen(
            ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=mlock", "-e", "inject=mlock:delay_exit=1000000",
             T, "wire", N, "--best-effort", "--for", "0", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        # The first part is checked, and the second one is locked.
        until(lambda: is_more_wired(process.pid, 64 * M))
        os.truncate(P, cut)
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, (process.returncode, err)
        [row] = json.loads(out)["regions"]
        assert row["wired"] == row["resident"] and row["wired"] in kept, (cut, row)
        assert f"the region has {cut} bytes" in row["error"]["message"], row


def test_truncated():
    # Stopped at its mlock, it continues after the region was shrunk.
    process = subprocess.Popen(
        ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "inject=mlock:delay_enter=2s", T,
         "wire", N], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    def mapped():
        children = f"/proc/{process.pid}/task/{process.pid}/children"
        for child in open(children).read().split():
            try:
                return P in open(f"/proc/{child}/maps").read()
            except OSError:
                pass
    until(mapped)
    os.truncate(P, 16 * K)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 74 and out == b"", (process.returncode, err)
    words = f"cannot wire 64 KiB of '{N}': the region has 16384 bytes, but the range ends at byte"
    assert words in err.decode(), err


def test_huge_pages():
    file = os.memfd_create("shmtool-test", 4 | 21 << 26)
    os.ftruncate(file, 4 * M)
    region = f"pid:{os.getpid()}:{file}"
    # The memlock limit does not count for them.
    process, text = holder(region, "--json", preexec_fn=limited(64 * K))
    [row] = json.loads(text)["regions"]
    assert row["inherently_unswappable"] is True, row
    assert (row["wired"], row["resident"]) == (4 * M, 4 * M), row
    assert os.fstat(file).st_blocks * 512 == 4 * M
    assert wired(process.pid) == 0
    assert stop(process)[0] == -15
    result = run("wire", region, "--for", "0")
    assert b", never swapped out\n" in result.stderr, result
    # More than there are, ever.
    total = int(open("/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages").read())
    many = os.memfd_create("shmtool-test", 4 | 21 << 26)
    os.ftruncate(many, (total + 1) * 2 * M)
    refused(
        run("wire", f"pid:{os.getpid()}:{many}"), 79,
        "of 2 MiB), but the pool has ", f" available of {total} (",
        "'echo ", " > /sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages'")
