import fcntl
import os
import select
import subprocess
import time

from support import N, P, run, T


def test_terminal():
    import pty
    def read(*words):
        control, terminal = pty.openpty()
        result = subprocess.run(
            [T, "read", N, *words], stdin=subprocess.DEVNULL, stdout=terminal,
            stderr=subprocess.PIPE, timeout=60)
        # Kept open while data may arrive, because the kernel may drop data in transit at its end.
        out = b""
        while select.select([control], [], [], 0.5)[0]:
            out += os.read(control, 1000)
        os.close(terminal)
        os.close(control)
        return result.returncode, out, result.stderr.decode()
    code, out, err = read()
    assert (code, out) == (64, b""), (code, out)
    assert "use --hex or --force" in err, err
    assert read("--force")[:2] == (0, b"hello")
    assert b"|hello|" in read("--hex")[1]


def test_memory_file():
    file = os.memfd_create("shmtool-test", os.MFD_ALLOW_SEALING)
    os.write(file, b"hello")
    fcntl.fcntl(file, fcntl.F_ADD_SEALS, fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL)
    result = run("read", f"pid:{os.getpid()}:{file}")
    assert (result.returncode, result.stdout, result.stderr) == (0, b"hello", b""), result


def test_non_blocking():
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    process = subprocess.Popen(
        [T, "read", N], stdin=subprocess.DEVNULL, stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    time.sleep(0.1)
    out = b""
    while part := os.read(reader, 65536):
        out += part
    assert process.wait(30) == 0, process.stderr.read()
    assert out == open(P, "rb").read()


def test_progress():
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    run("resize", N, "1M")
    process = subprocess.Popen(
        [T, "read", N, "--progress"], stdin=subprocess.DEVNULL, stdout=writer,
        stderr=subprocess.PIPE)
    os.close(writer)
    out = b""
    for _ in range(12):
        out += os.read(reader, 65536)
        time.sleep(0.05)
    while part := os.read(reader, 65536):
        out += part
    err = process.stderr.read().decode()
    assert process.wait(30) == 0, err
    assert len(out) == 1 << 20
    assert " of 1 MiB  " in err and err.endswith("\r\x1b[K"), repr(err)
