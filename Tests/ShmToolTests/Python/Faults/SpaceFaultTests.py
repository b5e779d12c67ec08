import json
import os
import re
import signal
import time

from faults import free, mount, private, sound
from support import allocated, N, P, run, start


def test_full():
    private("-t", "tmpfs", "-o", "size=64M", "tmpfs", "/dev/shm")
    def refused(words, figures, **options):
        before = free()
        result = run(*words, **options)
        text = result.stderr.decode()
        assert result.returncode == 79 and figures in text, (words, result)
        assert re.search(r"as root: 'mount -o remount,size=[0-9]+M /dev/shm'", text) and result.stdout == b"", result
        assert free() == before and sorted(os.listdir("/dev/shm")) == names, (words, free())
    names = []
    refused(["create", N, "65M"], "needs 65 MiB, but /dev/shm has 64 MiB free of 64 MiB")
    assert run("create", N, "64M").returncode == 0, "all free memory can be reserved"
    assert run("remove", N).returncode == 0
    assert run("create", N, "60M").returncode == 0
    names = [N]
    refused(["create", "b", "5M"], "needs 5 MiB, but /dev/shm has 4 MiB free of 64 MiB")
    refused(["resize", N, "65M"], "needs 5 MiB, but /dev/shm has 4 MiB free of 64 MiB")
    # An input of unknown length fills the region before it proves too long.
    refused(["create", "b", "--from", "-"], " of 64 MiB", input=bytes(6 << 20))
    assert run("create", "s", "8M", "--sparse").returncode == 0
    names = sorted([N, "s"])
    # What is known beforehand takes nothing; a stream takes what there is.
    refused(["fill", "s", "--byte", "1"], "needs 8 MiB, but /dev/shm has 4 MiB free of 64 MiB")
    result = run("write", "s", input=b"x" * (8 << 20))
    assert result.returncode == 79, result
    assert "/dev/shm has 0 B free of 64 MiB" in result.stderr.decode(), result
    assert os.stat("/dev/shm/s").st_size == 8 << 20
    for words in (["map", "s", "--populate", "--", "true"], ["wire", "s", "--", "true"]):
        result = sound(run(*words), words)
        assert result.returncode == 79 and b"0 B free" in result.stderr, result


def test_smallest():
    private("-t", "tmpfs", "-o", "size=4k", "tmpfs", "/dev/shm")
    result = run("create", N, "4097")
    assert result.returncode == 79, result
    assert "/dev/shm has 4 KiB free of 4 KiB" in result.stderr.decode(), result
    assert run("create", N, "4096").returncode == 0
    result = run("create", "b", "1")
    assert result.returncode == 79 and "0 B free of 4 KiB" in result.stderr.decode(), result
    assert os.listdir("/dev/shm") == [N]
    mount("-t", "tmpfs", "-o", "size=1M,nr_inodes=3", "tmpfs", "/dev/shm")
    while free()[1]:
        open(f"/dev/shm/{free()[1]}", "wb").close()
    names, before = sorted(os.listdir("/dev/shm")), free()
    for words in (["64K"], ["64K", "--sparse"], ["--from", "/proc/version"]):
        result = run("create", N, *words)
        assert result.returncode == 79, result
        assert "all 3 inodes of /dev/shm are in use" in result.stderr.decode(), result
    assert (sorted(os.listdir("/dev/shm")), free()) == (names, before)


def test_place():
    private("-t", "tmpfs", "-o", "size=4M", "tmpfs", "/dev/shm")
    def refused(code, words):
        for command in (["create", N, "4K"], ["create", N, "4K", "--open"],
                        ["create", N, "4K", "--sparse"], ["create", N, "--from", "/proc/version"]):
            result = run(*command)
            assert result.returncode == code and words in result.stderr.decode(), result
    assert run("create", "kept", "4K").returncode == 0
    mount("-o", "remount,ro", "/dev/shm")
    refused(77, "mounted read-only")
    assert run("read", "kept").stdout == bytes(4096)
    assert run("inspect", "kept", "--json").returncode == 0
    for words in (["fill", "kept", "--zero"], ["remove", "kept"], ["resize", "kept", "8K"]):
        result = sound(run(*words))
        assert result.returncode == 77 and "read-only" in result.stderr.decode(), result
    mount("--bind", "/proc/sys", "/dev/shm")
    refused(65, "is on proc, not in shared memory")
    # Python itself has /dev/null open already, and gives it to the tool.
    null = os.open("/dev/null", os.O_RDWR)
    mount("-t", "tmpfs", "tmpfs", "/dev")
    for command in (["create", N, "4K"], ["inspect", N], ["read", N], ["remove", N]):
        result = run(*command, stdin=null)
        assert result.returncode == 66, result
        assert "mount -t tmpfs tmpfs /dev/shm" in result.stderr.decode(), result
    result = sound(run("list", "--json", stdin=null))
    assert result.returncode == 0 and json.loads(result.stdout)["schema"] == 2, result


def test_ramfs():
    private("-t", "ramfs", "ramfs", "/dev/shm")
    result = run("create", N, "64K")
    assert result.returncode == 71 and "--sparse" in result.stderr.decode(), result
    assert os.listdir("/dev/shm") == []
    assert run("create", N, "64K", "--sparse").returncode == 0
    assert run("fill", N, "--sequence").returncode == 0
    assert run("verify", N, "--sequence").returncode == 0
    assert run("remove", N).returncode == 0


def test_storm():
    def prepare():
        signal.signal(signal.SIGALRM, signal.SIG_IGN)
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    process = start("create", N, "192M", preexec_fn=prepare)
    numbers = [signal.SIGALRM, signal.SIGUSR1, signal.SIGCHLD, signal.SIGWINCH, signal.SIGURG,
               signal.SIGSTOP, signal.SIGCONT]
    sent, end = 0, time.monotonic() + 50
    while process.poll() is None and time.monotonic() < end:
        process.send_signal(numbers[sent % len(numbers)])
        sent += 1
        time.sleep(0.0001)
    process.send_signal(signal.SIGCONT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0, (process.returncode, err, sent)
    assert sent > 20, sent
    assert allocated(P) == os.stat(P).st_size == 192 << 20
