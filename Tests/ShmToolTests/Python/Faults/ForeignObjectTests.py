import json
import os
import socket
import stat
import subprocess

from faults import sound
from support import N, P, run, T


def test_check(kind, what):
    target = P + "-target"
    with open(target, "wb") as file:
        file.write(b"t" * 8192)
    listener = socket.socket(socket.AF_UNIX)
    make = {
        "link": lambda: os.symlink(target, P), "dangling": lambda: os.symlink(P + "-none", P),
        "circle": lambda: os.symlink(P, P), "fifo": lambda: os.mkfifo(P),
        "socket": lambda: (listener.bind(P), listener.listen(1)), "directory": lambda: os.mkdir(P),
        "character": lambda: os.mknod(P, 0o600 | stat.S_IFCHR, os.makedev(10, 183)),
        "block": lambda: os.mknod(P, 0o600 | stat.S_IFBLK, os.makedev(7, 250)),
    }
    def state(path):
        status = os.lstat(path)
        return status.st_ino, status.st_mode, status.st_size, status.st_nlink, status.st_mtime_ns
    try:
        make[kind]()
        before = state(P)
        for words in (["inspect"], ["inspect", "--json"], ["read"], ["write"], ["fill", "--zero"],
                      ["verify", "--zero"], ["resize", "64K"], ["resize", "--shrink", "1"],
                      ["seal", "shrink"], ["map", "--", "true"], ["map", "--read-only", "--", "true"],
                      ["wire", "--", "true"], ["unwire"], ["wait", "--timeout", "9s"],
                      ["wait", "--removed", "--timeout", "9s"], ["create", "4K", "--open"],
                      ["create", "4K"], ["create", "--from", "/proc/version"], ["remove"],
                      ["remove", "--unused"]):
            for name in [N, P][:2 if words[0] in ("read", "remove", "create") else 1]:
                result = subprocess.run(
                    ["timeout", "-s", "KILL", "10", T, words[0], name, *words[1:]],
                    input=b"w", capture_output=True)
                taken = words[0] == "create" and "--open" not in words
                assert result.returncode == (73 if taken else 65), (words, name, result)
                told = result.stderr.decode()
                assert f"it is {what}, not a region" in told or taken, result
                assert told.count("\n") == (2 if "--json" in result.args else 1), result
            assert state(P) == before, words
        # It is in /dev/shm and is not a region. The list must still be complete.
        if kind in ("circle", "fifo"):
            result = run("list", "--json")
            assert result.returncode == 0 and json.loads(result.stdout)["schema"] == 2
        assert open(target, "rb").read() == b"t" * 8192 and not os.path.exists(P + "-none")
    finally:
        os.unlink(target)
        if os.path.lexists(P):
            os.rmdir(P) if kind == "directory" else os.unlink(P)


def test_small(size):
    size = int(size)
    other = P + "-other"
    with open(P, "wb") as file:
        file.write(b"x" * size)
    os.link(P, other)
    try:
        for words in (["inspect"], ["inspect", "--json"], ["wait", "--timeout", "1s"]):
            assert run(words[0], N, *words[1:]).returncode == 0, words
        for words in (["read"], ["write"], ["fill", "--byte", "120"],
                      ["verify", "--byte", "120"], ["map", "--", "true"]):
            result = run(words[0], N, *words[1:], input=b"x" * size)
            assert result.returncode == (0 if size else 65), (words, result)
        sound(run("wire", N, "--", "true"))
        assert open(other, "rb").read() == b"x" * size
        assert run("create", N, "1M").returncode == 73
        assert run("resize", N, "8K").returncode == 0
        assert open(other, "rb").read() == b"x" * size + bytes(8192 - size)
        assert run("remove", "--unused", N).returncode == 0
        assert not os.path.exists(P) and os.stat(other).st_nlink == 1
    finally:
        os.unlink(other)
