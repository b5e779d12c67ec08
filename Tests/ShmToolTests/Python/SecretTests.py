import ctypes
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile

from support import N, run, T

C = ctypes.CDLL(None, use_errno=True)
HAS_SECRETS = C.syscall(447, 0) >= 0 or ctypes.get_errno() != 38

# Maps descriptor 3, stores a text that no other memory of the process holds, and waits.
WRITER = '''import mmap, os, sys
memory = mmap.mmap(3, 4096)
for index, byte in enumerate(b"hdbqds,l`qj,2"):
    memory[index] = byte + 1
print(os.getpid(), flush=True)
sys.stdin.readline()
os.abort() if len(sys.argv) > 1 else None'''
MARK = bytes(byte + 1 for byte in b"hdbqds,l`qj,2")


def writer(*words, **options):
    return subprocess.Popen([T, *words, "--", sys.executable, "-c", WRITER, *options.pop("arguments", [])],
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, **options)


def test_secret():
    if not HAS_SECRETS:
        refused = run("map", "--secret", "4K", "--", "true")
        assert refused.returncode == 71 and b"the kernel does not support memfd_secret" in refused.stderr, refused
        return
    process = writer("map", "--secret", "64K")
    pid = int(process.stdout.readline())
    for line in open(f"/proc/{pid}/maps"):
        if "secretmem" in line:
            address = int(line.split("-")[0], 16)
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        memory.seek(address)
        try:
            seen = memory.read(16)
        except OSError:
            seen = b""
    assert MARK not in seen, seen
    copied = run("copy", f"{pid}@0x{address:x}", "-", "--length", "4096")
    assert copied.returncode != 0 and MARK not in copied.stdout, copied
    looked = run("inspect", f"pid:{pid}:3")
    assert looked.returncode == 65 and b"secret memory" in looked.stderr, looked
    process.stdin.close()
    assert process.wait(20) == 0


def test_memlock():
    if not HAS_SECRETS:
        return

    def limited():
        # Without CAP_IPC_LOCK, also for root.
        C.prctl(24, 14, 0, 0, 0)
        resource.setrlimit(resource.RLIMIT_MEMLOCK, (8192, 8192))
    refused = run("map", "--secret", "64K", "--", "echo", "ran", preexec_fn=limited)
    assert refused.returncode == 78 and not refused.stdout, refused
    assert b"cannot map secret memory: needs 64 KiB, but the memlock limit leaves 8 KiB" in refused.stderr, refused
    assert run("map", "--secret", "4K", "--", "true", preexec_fn=limited).returncode == 0


def filter_of(*words):
    shown = run(*words, "--", "sh", "-c", "sh -c 'cat /proc/self/coredump_filter'")
    assert shown.returncode == 0, shown
    return int(shown.stdout.split()[-1], 16)


def test_no_core():
    usual = int(open("/proc/self/coredump_filter").read(), 16)
    shared = 1 << 1 | 1 << 3 | 1 << 6 | 1 << 8
    for words in (("map", N), ("wire", N, "-q"), ("create", f"{N}-new", "4K", "--wired", "-q")):
        assert filter_of(*words, "--no-core") == usual & ~shared, words
        run("rm", "-f", f"{N}-new")
    assert filter_of("map", N) == usual
    pattern = open("/proc/sys/kernel/core_pattern").read().strip()
    if not re.fullmatch(r"[\w.%]+", pattern):
        return  # another program collects the dumps here
    for words, expected in (((), True), (("--no-core",), False)):
        with tempfile.TemporaryDirectory() as place:
            process = writer(
                "map", "--anonymous", "64K", *words, arguments=["abort"], cwd=place,
                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (resource.getrlimit(
                    resource.RLIMIT_CORE)[1],) * 2))
            process.stdout.readline()
            process.stdin.close()
            assert process.wait(30) == 128 + signal.SIGABRT, process.returncode
            dumps = os.listdir(place)
            if not dumps:
                return  # the hard limit forbids dumps
            with open(f"{place}/{dumps[0]}", "rb") as dump:
                assert (MARK in dump.read()) is expected, words
