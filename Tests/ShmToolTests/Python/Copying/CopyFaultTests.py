import ctypes
import json
import mmap
import os
import select
import subprocess
import time

from copying import bad, good
from faults import sound, traced
from support import N, P, start, T


def test_refused(code, sentence, *words):
    words = [word.replace("NAME", N).replace("PID", str(os.getpid())) for word in words]
    sentence = sentence.replace("NAME", N).replace("PID", str(os.getpid()))
    report = bad(int(code), "copy", *words)
    assert sentence in report.error, report.error
    assert report.stdout == b""
    assert open(P, "rb").read() == bytes(4096)
    assert not os.path.exists("/tmp/" + N)


def test_terminal():
    import pty
    control, terminal = pty.openpty()
    result = subprocess.run([T, "copy", N, "-"], stdin=subprocess.DEVNULL, stdout=terminal,
                            stderr=subprocess.PIPE)
    assert result.returncode == 64 and b"would disturb the terminal" in result.stderr, result
    assert not select.select([control], [], [], 0.1)[0]


def test_stream_length():
    report = bad(65, "copy", "-", N, input=b"a" * 8193)
    assert f"'{N}' has room for 8192 bytes, but '-' is longer" in report.error
    assert "8192 bytes were copied" in report.error, report.error
    assert open(P, "rb").read() == b"a" * 8192
    report = bad(74, "copy", "-", N, "--length", "100", input=b"b" * 99)
    assert "'-' ended too early; 99 of 100 bytes were copied" in report.error, report.error
    good("copy", "-", N, "--length", "100", input=b"c" * 101)
    assert open(P, "rb").read()[:101] == b"c" * 100 + b"a"


def test_shrinks():
    for words in (["file:/dev/zero", N, "--length", "256M"], [N, "file:/dev/null"]):
        os.truncate(P, 1 << 28)
        process = start("copy", *words, "--json")
        time.sleep(0.05)
        os.truncate(P, 5000)
        out, error = process.communicate(timeout=60)
        # It may have been quicker, or later.
        assert process.returncode in (0, 65, 74), (process.returncode, error)
        if process.returncode == 74:
            report = json.loads(out)
            assert not report["complete"] and report["length"] < 1 << 28, report
            if words[1] == N:
                assert report["length"] <= 5000, report
                assert b"another process shrank it to " in error, error
        assert os.path.getsize(P) == 5000


def test_injected(injection):
    memory = mmap.mmap(-1, 8 << 20)
    memory[:] = os.urandom(8 << 20)
    address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    words = ["copy", f"{os.getpid()}@{address:#x}", N, "--json"]
    result = sound(traced(injection, *words))
    content = open(P, "rb").read()
    if result.returncode == 0:
        assert content == memory[:], "it said that it was done"
    elif result.stdout:
        report = json.loads(result.stdout)
        assert content[:report["length"]] == memory[:report["length"]], report
        if "when=3" in injection:
            assert report["length"] == 4 << 20, report
        assert content[report["length"]:] == bytes(len(content) - report["length"])
