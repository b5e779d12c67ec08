import os
import time

from support import N, run, start


def test_progress():
    reader, writer = os.pipe()
    process = start("write", N, "--progress", stdin=reader)
    # Over half a second, however long it takes to start.
    for _ in range(30):
        os.write(writer, b"x" * 136)
        time.sleep(0.1)
    os.close(writer)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0 and out == b"", (out, err)
    drawn, last = err.decode().rsplit("\r\x1b[K", 1)
    assert "\r\x1b[K" in drawn and " KiB  " in drawn, err
    assert last.startswith("wrote 4 KiB into"), err
    quiet = run("write", N, input=b"x")
    assert b"\r" not in quiet.stderr, quiet
