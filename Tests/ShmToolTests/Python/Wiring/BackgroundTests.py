import json
import os
import re
import signal
import subprocess
import time

from support import N, P, run, start, stop, until, wired
from wiring import create, holder, K, limited, refused


def test_life():
    result = run("wire", N, "--background", "--json")
    assert (result.returncode, result.stderr) == (0, b""), result
    pid = json.loads(result.stdout)["pid"]
    try:
        assert wired(pid) == 64 * K
        # It keeps nothing of its starter's: terminal, directory, session.
        assert [os.readlink(f"/proc/{pid}/fd/{n}") for n in (0, 1, 2)] == ["/dev/null"] * 3
        assert os.readlink(f"/proc/{pid}/cwd") == "/"
        assert os.getsid(pid) == pid
        told = json.loads(run("wire", "--list", N, "--json").stdout)
        [row] = told["holders"]
        assert row == {
            "pid": pid, "command": "shmtool", "region": N, "reference": N, "removed": False, "wired": 64 * K,
            "resident": 64 * K, "inherently_unswappable": False, "background": True}, row
        assert type(told["hidden_processes"]) is int, told
        text = run("wire", "--list", N).stdout.decode()
        words = ["PID", "COMMAND", "WIRED", "RESIDENT", "HOLDER", "REGION"]
        assert text.split("\n")[0].split() == words, text
        row = [str(pid), "shmtool", "64", "KiB", "64", "KiB", "background", N]
        assert text.split("\n")[1].split() == row, text
    finally:
        result = run("unwire", N)
    told = f"unwired 64 KiB of '{N}', held by process {pid}\n"
    assert (result.returncode, result.stdout.decode()) == (0, ""), result
    assert result.stderr.decode() == told
    # It has ended when unwire returns.
    assert not os.path.exists(f"/proc/{pid}") or wired(pid) is None
    refused(run("unwire", N), 66, f"cannot unwire '{N}': no background holder has it wired")


def test_refusal():
    advice = f"if its background holder is no longer needed, run 'shmtool unwire {N}'"
    refusals = (("remove", "--unused", N), ("resize", N, "4K", "--shrink"))
    with open(P, "rb"):
        for words in refusals:
            # Another user of the region gets no such advice.
            told = run(*words)
            assert told.returncode == 75 and b"unwire" not in told.stderr, told
    assert run("wire", N, "--background", "-q").returncode == 0
    try:
        for words in refusals:
            told = run(*words)
            assert told.returncode == 75 and told.stderr.decode().endswith(f"; {advice}\n"), told
            error = json.loads(run(*words, "--json").stderr.splitlines()[-1])["error"]
            assert error["hint"] == advice and error["region"] == N, error
    finally:
        assert run("unwire", N, "-q").returncode == 0
    assert run("resize", N, "4K", "--shrink", "-q").returncode == 0
    assert run("remove", "--unused", N, "-q").returncode == 0


def test_failure():
    result = run("wire", N, "--background", preexec_fn=limited(32 * K))
    refused(result, 78, f"cannot wire 64 KiB of '{N}': the memlock limit is 32 KiB")
    refused(run("wire", N + "-not", "--background"), 66, "no such region")
    assert not json.loads(run("wire", "--list", N, "--json").stdout)["holders"]


def test_killed():
    for _ in range(2):
        pid = json.loads(run("wire", N, "--background", "--json").stdout)["pid"]
        os.kill(pid, signal.SIGKILL)
        until(lambda: not os.path.exists(f"/proc/{pid}") or wired(pid) is None)
        assert not json.loads(run("wire", "--list", N, "--json").stdout)["holders"]
        refused(run("unwire", N), 66, "no background holder has it wired")


def test_several():
    create(N + "-b", "8K")
    holders = []
    try:
        for words in [(N,), (N, "--range", "0+4K"), (N + "-b",)]:
            told = json.loads(run("wire", *words, "--background", "--json").stdout)
            holders.append(told["pid"])
        process, _ = holder(N)
        told = run("unwire", N, "--json").stdout.decode()
        freed = sorted(int(size) for size in re.findall('"wired":([0-9]+)', told))
        assert freed == [4 * K, 64 * K], told
        assert wired(holders[2]) == 8 * K and wired(process.pid) == 64 * K
        error = refused(run("unwire", N), 66)
        assert f"it is wired in the foreground, by process {process.pid}" in error, error
        assert stop(process)[0] == -15
        # One operand fails, the other is done.
        result = run("unwire", N, N + "-b")
        assert result.returncode == 66 and b"held by process" in result.stderr, result
    finally:
        run("unwire", N, N + "-b")
        os.unlink(P + "-b")


def test_terms():
    def gone(pid):
        return not os.path.exists(f"/proc/{pid}") or wired(pid) is None
    pid = json.loads(run("wire", N, "--background", "--for", "1s", "--json").stdout)["pid"]
    assert wired(pid) == 64 * K
    until(lambda: gone(pid))
    other = subprocess.Popen(["sleep", "60"])
    words = ["--background", "--while-pid", str(other.pid), "--json"]
    pid = json.loads(run("wire", N, *words).stdout)["pid"]
    time.sleep(0.1)
    assert wired(pid) == 64 * K
    other.kill()
    other.wait()
    until(lambda: gone(pid))


def test_orphan():
    for _ in range(50):
        process = start("wire", N, "--background", "-q")
        # Stopped before it is ready, it has no parent to notify when it continues.
        children, child = f"/proc/{process.pid}/task/{process.pid}/children", []
        while not child and process.poll() is None:
            child = open(children).read().split()
        if child:
            os.kill(int(child[0]), signal.SIGSTOP)
            time.sleep(0.1)
            if process.poll() is None:
                break
            os.kill(int(child[0]), signal.SIGCONT)
        # Too late: it holds.
        process.wait()
        run("unwire", N)
    assert process.poll() is None, "it was ready each time before it could be caught"
    process.kill()
    process.wait()
    os.kill(int(child[0]), signal.SIGCONT)
    until(lambda: not os.path.exists(f"/proc/{child[0]}") or wired(child[0]) is None)
    assert not json.loads(run("wire", "--list", N, "--json").stdout)["holders"]
