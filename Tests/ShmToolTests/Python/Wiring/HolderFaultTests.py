import json
import os
import signal
import subprocess
import tempfile

from faults import traced
from support import freeze, N, run, started, T, until, wired


def test_program(way):
    assert run("create", N, "64K", "-q").returncode == 0
    import shutil
    way, place = way, tempfile.mkdtemp()
    tool, ran = place + "/tool", place + "/ran"
    def script(path):
        with open(path, "w") as file:
            file.write(f"#!/bin/sh\n: > '{ran}'\nexit 0\n")
        os.chmod(path, 0o755)
    def exchange():
        if way == "replaced":
            script(place + "/new")
            os.rename(place + "/new", tool)
        elif way == "renamed":
            os.rename(tool, place + "/other")
            script(tool)
        elif way == "written":
            # The kernel refuses to write to a program that runs, so a new file replaces it.
            os.unlink(tool)
            script(tool)
        else:
            os.unlink(tool)
    def children(process):
        try:
            return open(f"/proc/{process}/task/{process}/children").read().split()
        except OSError:
            return []
    def program(process):
        try:
            return os.stat(f"/proc/{process}/exe").st_ino
        except OSError:
            return None
    pid = None
    try:
        # Where the kernel's text leads if the file has no name any more.
        script(tool + " (deleted)")
        for _ in range(5):
            shutil.copy2(T, tool)
            inode = os.stat(tool).st_ino
            # Each execve(2) waits for a while before it begins: the second is the holder's.
            traced = subprocess.Popen(
                ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "inject=execve:delay_enter=3s",
                 tool, "wire", N, "--background", "--json"],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            started.append(traced)
            starter = lambda: next((p for p in children(traced.pid) if program(p) == inode), None)
            until(lambda: traced.poll() is not None or starter() and children(starter()))
            assert traced.poll() is None, traced.communicate()
            first = starter()
            child = children(first)[0]
            exchange()
            caught = b"--ready-fd=3" not in open(f"/proc/{child}/cmdline", "rb").read()
            # strace(1) ends with the holder, and then by the starter's status.
            until(lambda: traced.poll() is not None or not os.path.exists(f"/proc/{first}"))
            held = json.loads(run("wire", "--list", N, "--json").stdout)["holders"]
            pid = held[0]["pid"] if held else None
            known = pid and (program(pid), wired(pid))
            ended = run("unwire", N).returncode
            out, error = traced.communicate(timeout=60)
            assert not os.path.exists(ran), (way, out, error)
            if traced.returncode == 0:
                assert known == (inode, 65536) and ended == 0, (way, held, known, error)
                assert json.loads(out)["pid"] == pid and len(held) == 1, (held, out)
                pid = None
            else:
                assert error.startswith(b"shmtool: ") and not held, (error, held)
            if os.path.exists(place + "/other"):
                os.unlink(place + "/other")
            if caught:
                break
        assert caught, "each time the holder ran before the file was exchanged"
        assert traced.returncode == 0, (way, error)
    finally:
        if pid: os.kill(pid, signal.SIGKILL)
        shutil.rmtree(place)


def test_silent(call):
    assert run("create", N, "64K", "-q").returncode == 0
    result = traced(call + ":signal=KILL", "wire", N, "--background")
    assert result.returncode not in (0, 70) and not result.stdout, result
    assert json.loads(run("wire", "--list", N, "--json").stdout)["holders"] == []


def test_unwatched(*refusals):
    assert run("create", N, "64K", "-q").returncode == 0
    # Without a poll(2) the end is looked for; without a watch or a signal nothing has been done.
    works = refusals[0].startswith("poll")
    for words in ([N], ["--pid"], [N, "--json"]):
        pid = json.loads(run("wire", N, "--background", "--json").stdout)["pid"]
        try:
            operands = words + ([str(pid)] if words == ["--pid"] else [])
            result = traced(refusals, "unwire", *operands)
            there = wired(pid) if os.path.exists(f"/proc/{pid}") else None
            if works:
                assert result.returncode == 0 and not there, (result, there)
                if "--json" in words:
                    row, = json.loads(result.stdout)["regions"]
                    assert (row["pid"], row["wired"]) == (pid, 65536), row
                else:
                    told = f"unwired 64 KiB of '{N}', held by process {pid}\n"
                    assert result.stderr.decode() == told, result
            else:
                assert result.returncode not in (0, 70) and there == 65536, (result, there)
                assert b"unwired" not in result.stderr, result
                assert result.stderr.startswith(b"shmtool: cannot "), result
                assert f"process {pid}".encode() in result.stderr, result
                if "--json" in words:
                    told = json.loads(result.stdout)
                    assert told["regions"] == [] and len(told["errors"]) == 1, told
        finally:
            if os.path.exists(f"/proc/{pid}"):
                run("unwire", N)


def test_one_of_two():
    assert run("create", N, "64K", "-q").returncode == 0
    def hold():
        return json.loads(run("wire", N, "--background", "--json").stdout)["pid"]
    try:
        for words in ([], ["--json"]):
            pids = sorted((hold(), hold()))
            result = traced("pidfd_open:error=EMFILE:when=1", "unwire", N, *words)
            assert result.returncode not in (0, 70), result
            assert wired(pids[0]) == 65536, "it was ended, and reported as a failure"
            assert not os.path.exists(f"/proc/{pids[1]}") or not wired(pids[1])
            told = result.stderr.decode()
            assert f"cannot watch process {pids[0]}: " in told, told
            if words:
                report = json.loads(result.stdout)
                assert [r["pid"] for r in report["regions"]] == [pids[1]], report
                assert len(report["errors"]) == 1, report
            else:
                assert f"unwired 64 KiB of '{N}', held by process {pids[1]}\n" in told, told
            assert run("unwire", N).returncode == 0
    finally:
        run("unwire", N)


def test_stopped():
    assert run("create", N, "64K", "-q").returncode == 0
    def gone(pid):
        try:
            return not wired(pid)
        except OSError:
            return True
    for refusals in ([], ["poll:error=EINVAL"]):
        pid = json.loads(run("wire", N, "--background", "--json").stdout)["pid"]
        try:
            freeze(pid)
            result = traced(refusals, "unwire", N) if refusals else run("unwire", N)
            assert result.returncode == 124 and wired(pid) == 65536, result
            assert b"it did not exit in 5 s after SIGTERM" in result.stderr, result
            assert b"unwired" not in result.stderr, result
        finally:
            os.kill(pid, signal.SIGCONT)
        until(lambda: gone(pid))
