import json
import mmap
import os
import subprocess
import sys

from faults import mount, private, traced
from support import N, P, run, T


def test_attributes():
    private("-t", "tmpfs", "tmpfs", "/dev/shm")
    def told(code, *words):
        result = run(*words, input=b"x")
        assert result.returncode == code, (words, result)
        assert b"owner" not in result.stderr and b"root, may" not in result.stderr, result
        return result.stderr.decode()
    os.mkdir("/dev/shm/place")
    for name, path in ((N, P), ("/dev/shm/place/x", "/dev/shm/place/x")):
        assert run("create", name, "4K").returncode == 0
        for letter, word in (("i", "is immutable"), ("a", "is append-only")):
            subprocess.run(["chattr", "+" + letter, path], check=True)
            for words in (["remove", name], ["fill", name, "--zero"], ["write", name],
                          ["resize", name, "8K"], ["remove", "--unused", name]):
                assert word in told(77, *words), words
            assert run("read", name).returncode == 0
            subprocess.run(["chattr", "-" + letter, path], check=True)
        assert run("fill", name, "--zero").returncode == 0
    subprocess.run(["chattr", "+i", "/dev/shm/place"], check=True)
    text = told(77, "remove", "/dev/shm/place/x")
    assert "/dev/shm/place is immutable" in text, text
    text = told(77, "create", "/dev/shm/place/y", "4K")
    assert "/dev/shm/place is immutable" in text, text
    subprocess.run(["chattr", "-i", "/dev/shm/place"], check=True)
    assert run("remove", "/dev/shm/place/x").returncode == 0


def test_other_users():
    import shutil
    private("-t", "tmpfs", "tmpfs", "/dev/shm")
    os.chmod("/dev/shm", 0o1777)
    def nobody(*words):
        held = os.open(T, os.O_RDONLY)
        result = subprocess.run(
            ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups",
             f"/proc/self/fd/{held}", *words], input=b"x", capture_output=True, pass_fds=[held])
        os.close(held)
        return result
    def told(*words):
        result = nobody(*words)
        assert result.returncode == 77, (words, result)
        return result.stderr.decode()
    if nobody("--version").returncode != 0:
        sys.exit(0)
    assert run("create", N, "4K", "--mode", "644").returncode == 0
    for words in (["remove", N], ["rm", N]):
        text = told(*words)
        assert "/dev/shm is a sticky directory: only the owner" in text, text
        assert "it belongs to uid 0, mode 644" in text, text
    for words in (["fill", N, "--zero"], ["write", N], ["resize", N, "8K"]):
        text = told(*words)
        assert "its mode denies permission; it belongs to uid 0, mode 644" in text, text
    assert nobody("read", N).returncode == 0
    os.chmod("/dev/shm", 0o755)
    text = told("remove", N)
    assert "no permission to write in directory /dev/shm" in text and "mode 755" in text, text
    text = told("create", "new", "4K")
    assert "no permission to write in directory /dev/shm" in text and "mode 755" in text, text
    os.mkdir("/dev/shm/closed", 0o700)
    shutil.move(P, "/dev/shm/closed/x")
    for words in (["read", "/dev/shm/closed/x"], ["remove", "/dev/shm/closed/x"],
                  ["fill", "/dev/shm/closed/x", "--zero"], ["create", "/dev/shm/closed/y", "4K"]):
        text = told(*words)
        assert "no permission to search directory /dev/shm/closed" in text, (words, text)


def test_mounts():
    private("-t", "tmpfs", "tmpfs", "/dev/shm")
    assert run("create", N, "4K").returncode == 0
    assert run("create", "other", "4K").returncode == 0
    mount("--bind", "/dev/shm/other", P)
    result = run("remove", N)
    assert result.returncode == 75 and b"another file is mounted on it" in result.stderr, result
    subprocess.run(["umount", P], check=True)
    mount("-o", "remount,ro", "/dev/shm")
    for words in (["remove", N], ["fill", N, "--zero"], ["create", "new", "4K"]):
        result = run(*words)
        assert result.returncode == 77 and b"mounted read-only" in result.stderr, result
        assert b"remount" not in result.stderr, result
    mount("-o", "remount,rw", "/dev/shm")
    if subprocess.run(["which", "strace"], capture_output=True).returncode == 0:
        for call in ("unlink", "unlinkat", "rename", "renameat2"):
            for error in ("EPERM", "EACCES"):
                result = traced(f"{call}:error={error}", "remove", N)
                if result.returncode == 0:
                    assert run("create", N, "4K").returncode == 0
                    continue
                assert b"for an unknown reason" in result.stderr, (call, result)
                assert os.path.exists(P)


def test_user_namespace():
    private("-t", "tmpfs", "tmpfs", "/dev/shm")
    os.chmod("/dev/shm", 0o1777)
    assert run("create", N, "4K", "--mode", "600").returncode == 0
    os.chown(P, 1234, 1234)
    result = subprocess.run(["unshare", "-r", T, "fill", N, "--zero"], capture_output=True)
    if b"unshare failed" in result.stderr:
        sys.exit(0)
    assert result.returncode == 77, result
    assert b"not mapped in this user namespace" in result.stderr, result


def test_agreement():
    private("-t", "tmpfs", "tmpfs", "/mnt")
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "noswap", "tmpfs", "/dev/shm"]).returncode:
        sys.exit(0)  # Linux before 6.4
    assert run("create", N, "64K").returncode == 0
    assert run("create", "/mnt/x", "64K").returncode == 0
    held = open("/mnt/x", "rb")
    mapped = mmap.mmap(held.fileno(), 0, prot=mmap.PROT_READ)
    for name, path, expected in ((N, P, True), ("/mnt/x", "/mnt/x", False), (P, P, True)):
        [looked] = json.loads(run("inspect", name, "--json").stdout)["regions"]
        assert looked["inherently_unswappable"] is expected, looked
        text = run("inspect", name).stdout.decode()
        assert ("never swapped out" in text) is expected, text
        [row] = json.loads(run("wire", name, "--for", "0", "--json").stdout)["regions"]
        assert row["inherently_unswappable"] is expected, row
    rows = json.loads(run("list", "--json").stdout)["regions"]
    found = {row["name"]: row["inherently_unswappable"] for row in rows}
    assert found[N] is True and found["/mnt/x"] is False, found
    assert "noswap" in run("limits").stdout.decode()
