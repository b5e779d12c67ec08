import os
import time

from support import N, P, run, start, stop


def test_changes():
    def waits(change, *words):
        process = start("wait", N, "--timeout", "30s", *words)
        time.sleep(0.1)
        assert process.poll() is None, process.communicate()
        begin = time.monotonic()
        change()
        out, err = process.communicate(timeout=30)
        assert (process.returncode, out, err) == (0, b"", b""), (process.returncode, err)
        assert time.monotonic() - begin < 20, "the timeout woke it"
    def write(offset, data):
        with open(P, "r+b") as file:
            file.seek(offset)
            file.write(data)
    waits(lambda: run("create", N, "64K"))
    waits(lambda: os.truncate(P, 65537), "--size", "65537")
    waits(lambda: write(4094, b"ready"), "--equals", "ready", "--at", "4094")
    waits(lambda: os.unlink(P), "--removed")


def test_renamed():
    process = start("wait", N, "--timeout", "30s")
    time.sleep(0.1)
    open(P + "-new", "wb").close()
    assert process.poll() is None
    os.rename(P + "-new", P)
    assert process.wait(30) == 0, process.communicate()


def test_signal(number):
    process = start("wait", N)
    time.sleep(0.1)
    code, out, err = stop(process, int(number))
    assert (code, out, err) == (-int(number), "", ""), (code, out, err)
