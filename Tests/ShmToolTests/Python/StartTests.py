import os
import subprocess

from support import run, T


def test_alone():
    import shutil, tempfile
    with tempfile.TemporaryDirectory() as root:
        shutil.copy(T, root + "/shmtool")
        os.makedirs(root + "/dev/shm")
        def alone(*words):
            return subprocess.run(["unshare", "-Ur", "chroot", root, "/shmtool", *words],
                                  capture_output=True, timeout=30)
        assert alone("--version").stdout == run("--version").stdout != b""
        # It is no tmpfs, and says so.
        result = alone("create", "x", "4K")
        assert result.returncode == 65 and b"not in shared memory" in result.stderr, result
        assert alone("nonsense").returncode == 64
