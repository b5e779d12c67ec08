import json
import os
import signal
import socket
import subprocess
import tempfile
import time

from support import N, P, run, start, stop, until, wired
from wiring import create, holder, K, mappings, PAGE, refused


def test_signals(number):
    process, text = holder(N)
    assert text == f"wired 64 KiB of '{N}' at offset 0, checked: 64 KiB resident\n", text
    assert wired(process.pid) == 64 * K
    assert stop(process, int(number)) == (-int(number), "", "")


def test_ignored():
    process, _ = holder(N, preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    process.send_signal(signal.SIGHUP)
    time.sleep(0.1)
    assert wired(process.pid) == 64 * K
    assert stop(process)[0] == -15


def test_duration():
    begin = time.monotonic()
    result = run("wire", N, "--for", "300ms")
    assert (result.returncode, result.stdout) == (0, b""), result
    assert time.monotonic() - begin >= 0.3
    assert run("wire", N, "--for", "0").returncode == 0


def test_while_process():
    other = subprocess.Popen(["sleep", "60"])
    process, _ = holder(N, "--while-pid", str(other.pid))
    time.sleep(0.1)
    assert process.poll() is None and wired(process.pid) == 64 * K
    other.kill()
    # Dead, and not yet waited for: its number is taken, and it runs no more.
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (0, b"", b""), (process.returncode, err)
    other.wait()
    for words in [[], ["--background"]]:
        refused(
            run("wire", N, "--while-pid", str(other.pid), *words), 66,
            f"cannot watch process {other.pid}: no such process")
    # Both terms: whichever comes first.
    assert run("wire", N, "--while-pid", str(os.getpid()), "--for", "50ms").returncode == 0


def test_readiness():
    out, into = os.pipe()
    with tempfile.TemporaryDirectory() as place, \
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(place + "/notify")
        manager.settimeout(30)
        process = start(
            "wire", N, "--ready-fd", str(into), pass_fds=[into],
            env=dict(os.environ, NOTIFY_SOCKET=place + "/notify"))
        os.close(into)
        with os.fdopen(out) as ready:
            # The line, and then the end: it has closed the descriptor.
            assert ready.read() == "ready\n"
        assert wired(process.pid) == 64 * K
        assert manager.recv(100) == b"READY=1"
        assert stop(process)[0] == -15
    for words, code, part in [
        (["--ready-fd", "77"], 74, "descriptor 77"), (["--ready-fd", "x"], 64, "ready-fd")]:
        result = run("wire", N, *words)
        assert result.returncode == code and part in result.stderr.decode(), result
    result = run("wire", N, env=dict(os.environ, NOTIFY_SOCKET="/nowhere/notify"))
    assert result.returncode == 74 and b"service manager" in result.stderr, result


def test_range(part, first, pages):
    first, pages = int(first), int(pages)
    process, text = holder(N, "--range", part, "--json")
    [row] = json.loads(text)["regions"]
    assert (row["offset"], row["length"]) == (first * PAGE, pages * PAGE), row
    assert (row["wired"], row["resident"]) == (pages * PAGE, pages * PAGE), row
    assert row["inherently_unswappable"] is False and row["error"] is None, row
    assert wired(process.pid) == pages * PAGE
    [mapping] = mappings(process.pid, P)
    assert (mapping["offset"], mapping["bytes"]) == (first * PAGE, pages * PAGE), mapping
    assert stop(process)[0] == -15


def test_several():
    create(N + "-b", "64K")
    try:
        process, text = holder(
            N, N + "-b", "--range", "0+8K", "--range=32K:48K", "--json")
        told = json.loads(text)
        assert told["pid"] == process.pid, told
        assert [(r["region"], r["offset"], r["wired"]) for r in told["regions"]] == [
            (name, *range) for name in (N, N + "-b") for range in [(0, 8 * K), (32 * K, 16 * K)]
        ], told
        assert wired(process.pid) == 48 * K
        assert stop(process)[0] == -15
        process, text = holder(N, "--offset", "16K", "--length", "1")
        assert text.startswith(f"wired 4 KiB of '{N}' at offset 16384, "), text
        assert wired(process.pid) == 4 * K
        assert stop(process)[0] == -15
        # The second region cannot be wired, so the first is not held either.
        refused(run("wire", N, N + "-c"), 66, "no such region")
    finally:
        os.unlink(P + "-b")


def test_interrupted(number):
    number = int(number)
    process = start("wire", N)
    until(lambda: wired(process.pid))
    begin = time.monotonic()
    code, out, err = stop(process, number)
    assert time.monotonic() - begin < 10
    assert (code, out) == (-number, ""), (code, out, err)
    assert err == f"shmtool: cannot wire 2 GiB of '{N}': it was interrupted\n", err
