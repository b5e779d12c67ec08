import atexit
import os
import re
import signal
import subprocess
import time

from streams import exactly, F, Reader
from support import N, P, run, start


def test_sent(how):
    def change():
        with open(F, "r+b") as file:
            if how == "shorter":
                file.truncate(1_000_001)
            elif how == "longer":
                file.seek(0, 2)
                file.write(b"x")
            else:
                before = os.stat(F)
                time.sleep(0.02)
                file.write(b"other")
                file.flush()
                if "back" in how:
                    os.utime(F, ns=(before.st_atime_ns, before.st_mtime_ns))
    for redirected in (False, True):
        with open(F, "wb") as file:
            file.write(os.urandom(8 << 20))
        time.sleep(0.02)
        receiver = start("recv", N)
        words = ["send", N, "--capacity", "64K"]
        sender = start(*words, stdin=open(F, "rb")) if redirected else start(*words, F)
        exactly(receiver.stdout, 100_000)
        change()
        rest = Reader(receiver)
        codes = sender.wait(30), receiver.wait(30)
        said = sender.stderr.read().decode()
        assert codes == (74, 76) and "while it was read" in said, (codes, said)


def test_untouched():
    for change in (lambda: os.chmod(F, 0o600), lambda: os.link(F, F + ".2"), lambda: os.unlink(F)):
        data = os.urandom(4 << 20)
        with open(F, "wb") as file:
            file.write(data)
        os.chmod(F, 0o644)
        receiver, sender = start("recv", N), start("send", N, F, "--capacity", "64K")
        first = exactly(receiver.stdout, 100_000)
        change()
        rest = Reader(receiver)
        assert (sender.wait(30), receiver.wait(30)) == (0, 0), sender.stderr.read()
        rest.join(30)
        assert first + rest.out == data
        if os.path.exists(F + ".2"):
            os.unlink(F + ".2")


def test_others(how):
    R, SIZE, how, last = N + "-region", 128 << 20, how, []
    run("create", R, "128M", "-q")
    atexit.register(lambda: run("remove", R, "-q"))
    # Data, because holes are skipped.
    with open(F, "wb") as file:
        for _ in range(SIZE >> 20):
            file.write(bytes(1 << 20))
    def make():
        os.truncate(F, SIZE)
        time.sleep(0.02)
    def change():
        with open(F, "r+b") as file:
            if how == "written":
                file.seek(SIZE - 10)
                file.write(bytes(10))
            else:
                file.truncate(SIZE + 1 if how == "longer" else SIZE - 1)
    # Stops the process after some of its reads, with most of the file still to be read.
    def stopped(words):
        make()
        with open(F, "rb") as file:
            process = start(*words, stdin=file if "-" in words else subprocess.DEVNULL)
        def taken():
            with open(f"/proc/{process.pid}/io") as text:
                return int(text.readline().split()[1])
        def state(*more):
            return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT | sum(more))
        try:
            while taken() < 8 << 20 and not state(os.WNOHANG):
                pass
            os.kill(process.pid, signal.SIGSTOP)
            if state(os.WSTOPPED).si_code == os.CLD_STOPPED and taken() < SIZE - (16 << 20):
                return process
        except OSError:
            # It has ended, and may not be looked at any more.
            pass
        process.kill()
        last.append((words, process.communicate(), process.returncode))
    def amid(*words):
        process = next(filter(None, (stopped(words) for _ in range(50))), None)
        assert process, last[-1]
        change()
        process.send_signal(signal.SIGCONT)
        said = process.communicate(timeout=60)[1].decode()
        return process.returncode, said
    for words in (["write", R, "-"], ["write", R, F], ["copy", "-", R], ["copy", "file:" + F, R],
                  ["fill", R, "--file", F]):
        code, said = amid(*words)
        # What was added does not fit the region: that is said of every input.
        exceeds = how == "longer" and words[0] != "copy"
        reasons = (["the input is longer than"] if exceeds else ["while it was read"]
                   + ["ended too early"] * (how == "shorter"))
        assert code == (65 if exceeds else 74), (words, code, said)
        assert any(reason in said for reason in reasons), (words, said)
        assert re.search("; [1-9][0-9]*( of [0-9]+)? bytes were (already written|copied)", said), (words, said)
    code, said = amid("verify", R, "--file", F)
    # A difference is an answer. Equality is an answer only if the file did not change.
    assert code == (1 if how == "longer" else 74), (code, said)
    reason = ("the input (is longer|has [0-9]+ bytes more) than the range" if how == "longer"
              else "while it was read")
    assert re.search(reason, said), said
    for words in (["create", N + "-new", "--from", F], ["create", N + "-new", "--from", "-"]):
        code, said = amid(*words)
        reason = "the input is longer than" if how == "longer" else "while it was read"
        assert code == (65 if how == "longer" else 74) and reason in said, (words, code, said)
        assert not os.path.exists(P + "-new"), words
    # Of a range only the bytes in it count.
    code, said = amid("copy", "file:" + F, R, "--length", str(SIZE - 16))
    assert code == 0, (code, said)
    make()
    process = start("copy", "file:" + F, "-", stdin=subprocess.DEVNULL)
    exactly(process.stdout, 100_000)
    change()
    rest = Reader(process)
    assert process.wait(60) == 74, process.stderr.read()


def test_unsized():
    R = N + "-region"
    for path in ("/proc/version", "/proc/sys/kernel/ostype", "/sys/kernel/mm/transparent_hugepage/enabled",
                 "/proc/sys/kernel/random/boot_id"):
        if not os.path.exists(path):
            continue
        data = open(path, "rb").read()
        assert run("copy", "file:" + path, "-").stdout == data, path
        assert run("copy", f"file:{path}@2", "-").stdout == data[2:], path
        assert run("copy", f"file:{path}@1", "-", "--length", "3").stdout == data[1:4], path
        run("create", R, "4K", "-q")
        assert run("copy", "file:" + path, R).returncode == 0
        assert open(P + "-region", "rb").read().rstrip(b"\0") == data
        assert run("write", R, path).returncode == 0
        run("remove", R, "-q")
        assert run("create", R, "--from", path, "-q").returncode == 0
        assert open(P + "-region", "rb").read() == data
        run("remove", R, "-q")
        receiver, sender = start("recv", N), start("send", N, path)
        assert receiver.communicate(timeout=30)[0] == data and sender.wait(30) == 0


def test_progress():
    for words in (["--expect-bytes", "1000"], [F]):
        with open(F, "wb") as file:
            file.write(bytes(40 << 20))
        reader, writer = os.pipe()
        # Slow enough for the line to appear at both ends, from the first byte on: before it, the ends meet.
        receiver = start("recv", N, "--progress")
        sender = start("send", N, "--progress", "--capacity", "64K", *words,
                       stdin=reader if len(words) == 2 else subprocess.DEVNULL)
        if len(words) == 2:
            for _ in range(10):
                os.write(writer, bytes(100))
                exactly(receiver.stdout, 100)
                time.sleep(0.1)
            os.close(writer)
        else:
            for _ in range(20):
                exactly(receiver.stdout, 1 << 20)
                time.sleep(0.05)
        Reader(receiver)
        assert (sender.wait(30), receiver.wait(30)) == (0, 0), sender.stderr.read()
        for process in (sender, receiver):
            assert b" %" in process.stderr.read(), words
