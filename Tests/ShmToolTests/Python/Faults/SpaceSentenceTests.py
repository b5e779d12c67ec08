import ctypes
import os
import re
import subprocess
import tempfile

from faults import free, mount, private, traced
from support import N, P, run


# A message does not contradict its own figures.
UNITS = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40, "PiB": 1 << 50,
         "EiB": 1 << 60}


def size(text):
    number, unit = text.split()
    return float(number) * UNITS[unit]


SIZE = r"([0-9.]+ (?:[KMGTPE]i)?B)"


def agrees(result, *context):
    text = result.stderr.decode()
    assert result.returncode == 79 and "shmtool: " in text, (result, *context)
    text = text[text.index("shmtool: "):]
    claims = 0
    for needs, has in re.findall(
            f"needs {SIZE}[^,]*, (?:but|and)[^;]*? (?:has|leaves|have) {SIZE}", text):
        assert size(needs) > size(has), (needs, has, text, *context)
        claims += 1
    for needs, has in re.findall(f"refuses {SIZE}[^;]*, although[^;]*? ha(?:s|ve) {SIZE}", text):
        assert size(needs) <= size(has), (needs, has, text, *context)
        claims += 1
    claims += "quota" in text or "inodes of /dev/shm" in text or "of huge pages (" in text
    claims += "pages of" in text and "but the pool has" in text
    assert claims > 0, (text, *context)
    assert not re.search("remove|delete|overwrite", text[text.index(": ") + 2:].split("'")[-1])
    return text


def test_injected(error):
    private("-t", "tmpfs", "-o", "size=64M", "tmpfs", "/dev/shm")
    assert run("create", "kept", "1M").returncode == 0
    assert run("create", "hole", "1M", "--sparse").returncode == 0
    before = sorted(os.listdir("/dev/shm")), free()
    for words, when in [
            (["create", N, "3M"], 1), (["create", N, "40M"], 2),
            (["create", N, "--from", "/proc/self/status"], 1), (["create", N, "--from", "-"], 1),
            (["create", N, "3M", "--open"], 1), (["resize", "kept", "33M"], 1),
            (["resize", "kept", "60M"], 2), (["map", "--anonymous", "2M", "--", "true"], 1)]:
        result = traced(
            f"fallocate:error={error}:when={when}", *words, input=b"x" * (3 << 20))
        text = agrees(result, words, when)
        assert ("quota" in text) == (error == "EDQUOT"), text
        assert (sorted(os.listdir("/dev/shm")), free()) == before, words
    # Names, and the bytes that go by write(2).
    for call in ("linkat", "openat"):
        result = traced(f"{call}:error={error}", "create", N, "8K",
                        path="/dev/shm" if call == "openat" else P)
        agrees(result, call)
    result = traced(["linkat:error=EPERM", f"pwrite64:error={error}"],
                    "create", N, "--from", "-", input=b"x" * 5000)
    agrees(result, "pwrite64")
    # A page in a hole of a region that cannot be allocated.
    for words in (["fill", "hole", "--zero"], ["fill", "hole", "--byte", "0"]):
        text = agrees(traced("read:error=EFAULT", *words, path="/dev/zero"), words)
        assert "no space left" not in text, text


def test_real():
    bytes_here = ctypes.create_string_buffer(b"y" * (8 << 20))
    address = ctypes.addressof(bytes_here)
    private("-t", "tmpfs", "-o", "size=16M", "tmpfs", "/dev/shm")
    # Sizes that would be rounded to the same text.
    for more in (1, 4096, 5000):
        result = run("create", N, str((16 << 20) + more))
        text = agrees(result, more)
    def obey(text):
        command = re.search("as root: '(mount -o remount,[a-z_]+=[0-9]+M? [^']*)'", text)
        assert command, text
        subprocess.run(command[1].split(), check=True)
    obey(agrees(run("create", N, "17M")))
    assert run("create", N, "17M").returncode == 0
    assert run("create", "hole", "8M", "--sparse").returncode == 0
    for words in (["fill", "hole", "--byte", "1"], ["write", "hole"],
                  ["copy", f"{os.getpid()}@{hex(address)}", "hole", "--length", "8M"],
                  ["copy", "-", "hole"], ["create", "new", "--from", "-"],
                  ["resize", N, "30M"]):
        agrees(run(*words, input=b"x" * (8 << 20)), words)
    # The remedy names the mount, and not a directory on it.
    os.mkdir("/dev/shm/below")
    obey(agrees(run("create", "/dev/shm/below/x", "60M")))
    assert run("create", "/dev/shm/below/x", "60M").returncode == 0
    mount("-t", "tmpfs", "-o", "size=1M,nr_inodes=2", "tmpfs", "/dev/shm")
    assert run("create", "only", "4K").returncode == 0
    result = run("create", "second", "4K")
    assert b"all 2 inodes of /dev/shm are in use" in result.stderr, result
    # More bytes for an existing region need no inode.
    result = run("resize", "only", "5M")
    assert b"inodes" not in result.stderr, result
    agrees(result)
    obey(run("create", "second", "4K").stderr.decode())
    assert run("create", "second", "4K").returncode == 0


def test_commit_limit():
    private("-t", "tmpfs", "-o", "size=64M", "tmpfs", "/dev/shm")
    real = open("/proc/meminfo").read()
    real = re.sub("CommitLimit: .*", "CommitLimit:     2001024 kB", real)
    real = re.sub("Committed_AS: .*", "Committed_AS:    2000000 kB", real)
    with tempfile.TemporaryDirectory() as box:
        open(box + "/meminfo", "w").write(real)
        open(box + "/two", "w").write("2\n")
        mount("--bind", box + "/meminfo", "/proc/meminfo")
        mount("--bind", box + "/two", "/proc/sys/vm/overcommit_memory")
        result = traced("fallocate:error=ENOSPC", "create", N, "3M")
        text = agrees(result)
        assert "the commit limit leaves 1 MiB" in text, text
        assert "vm.overcommit_memory=2" in text and "vm.overcommit_ratio" in text, text
        # 1 MiB is left for one that needs less: the limit is not what refuses.
        text = agrees(traced("fallocate:error=ENOSPC", "create", N, "512K"))
        assert "the commit limit leaves" not in text and "although" in text, text
        assert ("; the known limits allow it; check the commit limit and the control groups "
                "of this process\n") in text, text
        # Without the kernel's refusal it is seen beforehand, and nothing is reserved.
        result = run("create", N, "3M")
        assert "the commit limit leaves 1 MiB" in agrees(result), result
        subprocess.run(["umount", "/proc/meminfo", "/proc/sys/vm/overcommit_memory"], check=True)
