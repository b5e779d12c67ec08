import json
import os
import re
import resource
import shutil
import struct
import subprocess
import tempfile

from support import N, P, plain_root, run, stop, T, wired
from wiring import create, holder, K, limited, M, mappings, PAGE, refused


def test_exact(pages):
    size = int(pages) * PAGE
    for limit in (size, size + 1, size + PAGE - 1):
        assert run("wire", N, "--for", "0", preexec_fn=limited(limit)).returncode == 0, limit
    for limit in {size - 1, size - PAGE, 1} - {0}:
        result = run("wire", N, "--for", "0", preexec_fn=limited(limit, size))
        refused(
            result, 78, f"cannot wire {size // K} KiB of '{N}': the memlock limit is ",
            " and 0 B is in use (RLIMIT_MEMLOCK soft ", f", hard {size // K} KiB); ",
            f"raise the soft memlock limit with 'ulimit -S -l {size // K}' in the shell that starts it")


        # A page that was wired and unwired does not count as in use.


def test_zero():
    for words in [[], ["--range", "0:1"]]:
        refused(
            run("wire", N, *words, preexec_fn=limited(0)), 78,
            "the memlock limit is 0 and CAP_IPC_LOCK is not effective "
            "(RLIMIT_MEMLOCK soft 0 B, hard 0 B); ", "memlock")
    result = run("wire", N, "--best-effort", "--for", "0", preexec_fn=limited(0))
    text = result.stderr.decode()
    assert text.startswith(f"wired 0 B of 64 KiB of '{N}' at offset 0, checked: 0 B resident\n  "
        f"only a part was wired: cannot wire 64 KiB of '{N}': the memlock limit is 0"), result


def test_remedy(words):
    words = [N if word == "R" else word for word in words.split()]
    if "--background" not in words:
        words += ["--for", "0"]
    for limit in (0, 3 * PAGE):
        prepare = limited(limit, M)
        result = run("wire", *words, preexec_fn=prepare)
        if result.returncode == 0 and limit == 3 * PAGE and "--range" in words:
            continue
        remedy = re.search("with '(ulimit -S -l [0-9]+)'", refused(result, 78))[1]
        script = remedy + '; "$SHMTOOL" wire "$@"'
        done = subprocess.run(
            ["bash", "-c", script, "bash", *words], capture_output=True, timeout=60,
            preexec_fn=prepare)
        assert done.returncode == 0, (remedy, done)
        if "--background" in words:
            run("unwire", N)
        # And it is the least that does.
        kib = int(remedy.split()[-1])
        script = f'ulimit -S -l {kib - 4}; "$SHMTOOL" wire "$@"'
        less = subprocess.run(
            ["bash", "-c", script, "bash", *words], capture_output=True, timeout=60,
            preexec_fn=prepare)
        assert less.returncode == 78, less


def test_lowered():
    # An outer shell that may wire 1 MiB, and an inner shell or command with a lower limit.
    def advice(script):
        script = f'echo $$; {script}; exit $?'
        result = subprocess.run(
            ["bash", "-c", script, "bash", N], capture_output=True, timeout=60, preexec_fn=limited(M))
        assert result.returncode == 78, result
        return *result.stdout.decode().split(), result.stderr.decode()

    inner = """bash -c 'echo $$; ulimit -l 32; "$SHMTOOL" wire "$1" --for 0; exit $?' bash "$1" """
    shell, lowered, text = advice(inner)
    assert text.endswith(
        f"hard 32 KiB); the memlock limit was lowered in process {lowered} (bash): in its parent process, "
        f"{shell} (bash), it is 1 MiB; start the command from that process\n"), text
    shell, text = advice('prlimit --memlock=32768:32768 "$SHMTOOL" wire "$1" --for 0')
    assert text.endswith(
        "hard 32 KiB); the memlock limit was lowered for this command (prlimit, ulimit): in the process that "
        f"started it, {shell} (bash), it is 1 MiB\n"), text
    # No setting of a container helps, because the hard limit is sufficient.
    shell, text = advice('ulimit -S -l 32; "$SHMTOOL" wire "$1" --for 0')
    assert text.endswith(
        "hard 1 MiB); raise the soft memlock limit with 'ulimit -S -l 64' in the shell that starts it\n"), text


# A container grants its limit to all users. Its configuration does not help if a shell lowered the limit.
def test_lowered_for_another_user():
    def inside():
        plain_root()
        open("/.dockerenv", "w").close()
    resource.setrlimit(resource.RLIMIT_MEMLOCK, (M, M))
    with open(T, "rb") as program:
        tool = f"/proc/self/fd/{program.fileno()} limits --need 64K"
        nobody = "setpriv --reuid 65534 --regid 65534 --clear-groups"
        for script, advice in (
                (f"ulimit -l 32; {nobody} {tool}", "the memlock limit was lowered in process {0} (bash): in its parent "
                 "process, {1} (python3), it is 1 MiB; start the command from that process"),
                (f"prlimit --memlock=32768:32768 {nobody} {tool}", "the memlock limit was lowered for this command "
                 "(prlimit, ulimit): in the process that started it, {0} (bash), it is 1 MiB")):
            shell = subprocess.Popen(["bash", "-c", script + "; exit $?"], stdout=subprocess.PIPE, preexec_fn=inside,
                                     pass_fds=[program.fileno()], text=True)
            told = shell.communicate(timeout=60)[0]
            assert shell.returncode == 1 and "docker" in told.lower(), told
            assert told.endswith("; " + advice.format(shell.pid, os.getpid()) + "\n"), told


def test_best_effort():
    process, text = holder(N, "--best-effort", "--json", preexec_fn=limited(5 * PAGE))
    [row] = json.loads(text)["regions"]
    assert (row["length"], row["wired"]) == (64 * K, 5 * PAGE), row
    assert row["resident"] == 5 * PAGE, row
    assert f"cannot wire 64 KiB of '{N}': the memlock limit is 20 KiB" in row["error"]["message"], row
    assert wired(process.pid) == 5 * PAGE
    assert [(m["offset"], m["bytes"]) for m in mappings(process.pid, P) if m["lo"]] == [
        (0, 5 * PAGE)]
    assert stop(process)[0] == -15
    process, text = holder(N, "--best-effort", preexec_fn=limited(5 * PAGE))
    assert text.startswith(
        f"wired 20 KiB of 64 KiB of '{N}' at offset 0, checked: 20 KiB resident"), text
    assert stop(process)[0] == -15
    # All of it: no reason is given.
    assert b"less" not in run("wire", N, "--best-effort", "--for", "0").stderr


def test_together():
    other = N + "-b"
    create(other, "64K")
    try:
        result = run("wire", N, other, preexec_fn=limited(96 * K))
        refused(result, 78, "the memlock limit is 96 KiB and 64 KiB is in use")
        process, text = holder(N, other, "--best-effort", "--json", preexec_fn=limited(96 * K))
        rows = json.loads(text)["regions"]
        assert [r["wired"] for r in rows] == [64 * K, 32 * K], text
        assert wired(process.pid) == 96 * K
        assert stop(process)[0] == -15
    finally:
        os.unlink(P + "-b")


def test_namespace():
    for limit, hard, remedy in [
        (0, M, "with 'ulimit -S -l 64'"), (32 * K, M, "with 'ulimit -S -l 64'"),
        (32 * K, 32 * K, "raise the hard memlock limit to 65536 bytes ")]:
        def prepare():
            resource.setrlimit(resource.RLIMIT_MEMLOCK, (limit, hard))
        result = subprocess.run(
            ["unshare", "-Ur", T, "wire", N], capture_output=True, preexec_fn=prepare)
        refused(
            result, 78, f"cannot wire 64 KiB of '{N}': the memlock limit is ",
            "CAP_IPC_LOCK has no effect in a user namespace", remedy)
        assert b"cap-add" not in result.stderr and b"capabilities.add" not in result.stderr, result
    told = subprocess.run(["unshare", "-Ur", T, "limits", "--json"], capture_output=True)
    told = json.loads(told.stdout)
    assert (told["cap_ipc_lock"], told["initial_user_namespace"]) == (True, False), told


def test_capability():
    with tempfile.TemporaryDirectory(dir="/tmp") as place:
        os.chmod(place, 0o755)
        copy = place + "/shmtool"
        shutil.copy(T, copy)
        os.chmod(copy, 0o755)
        def drop():
            resource.setrlimit(resource.RLIMIT_MEMLOCK, (0, 0))
            os.setgroups([]); os.setgid(65534); os.setuid(65534)
        # struct vfs_cap_data, revision 2, with and without its flag for "effective".
        for flag, code in [(0, 78), (1, 0)]:
            data = struct.pack("<IIIII", 0x02000000 | flag, 1 << 14, 0, 0, 0)
            os.setxattr(copy, "security.capability", data)
            result = subprocess.run(
                [copy, "wire", N, "--for", "0"], capture_output=True, preexec_fn=drop)
            if flag == 0:
                refused(result, 78, "the memlock limit is 0 and CAP_IPC_LOCK is not effective")
            else:
                assert result.returncode == 0, result
