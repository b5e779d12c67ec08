import ctypes
import json
import os
import sys
import tempfile
import time

from faults import mount, private
from support import run


# A file on the disk, the name of its file system in mountinfo, and a watch for programs that open the
# file for writing.
C = ctypes.CDLL(None, use_errno=True)
box = tempfile.TemporaryDirectory(dir=sys.argv.pop(2) if len(sys.argv) > 2 else None)
F = box.name + "/kept"
DATA = os.urandom(10000)
with open(F, "wb") as file:
    file.write(DATA)


def kind(path):
    device = os.stat(path).st_dev
    name = f"{os.major(device)}:{os.minor(device)}"
    for text in open("/proc/self/mountinfo"):
        words = text.split()
        if words[2] == name:
            return words[words.index("-") + 1]
    return ""


watch = C.inotify_init1(os.O_NONBLOCK)
assert C.inotify_add_watch(watch, F.encode(), 0x8 | 0x2 | 0x4) > 0


def untouched(*context):
    assert open(F, "rb").read() == DATA, context
    assert os.stat(F).st_nlink == 1, context
    try:
        events = os.read(watch, 4096)
    except BlockingIOError:
        events = b""
    assert events == b"", ("opened for writing, or changed", context)


def changing(name):
    return [["fill", name, "--zero"], ["fill", name, "--byte", "3", "--length", "1"],
            ["resize", name, "20000"], ["resize", name, "4096", "--shrink"],
            ["resize", name, "4096", "--shrink", "--force"], ["write", name],
            ["seal", name, "grow"], ["map", name, "--", "true"],
            ["copy", "file:/proc/version", name], ["copy", f"{os.getpid()}@0x1000", name]]


def test_ordinary_files():
    held = os.open(F, os.O_RDWR)
    os.chdir(box.name)
    names = ["file:" + F, F, "./kept", f"pid:{os.getpid()}:{held}"]
    for name in names:
        words = changing(name) + [["create", name, "10000", "--open"]]
        if "pid:" in name:
            words = words[:-1]
        else:
            words += [["remove", name], ["rm", "--unused", name]]
        # For a copy file: is a file, which it writes on purpose.
        if name.startswith("file:"):
            words = [some for some in words if some[0] != "copy"]
        for some in words:
            result = run(*some, input=b"xyz")
            text = result.stderr.decode()
            assert result.returncode == 65, (some, result)
            assert f" is on {kind(F)}, not in shared memory (" in text, (some, text)
            assert text.count("\n") == 1 and result.stdout == b"", (some, result)
            untouched(some)


def test_reading():
    assert run("read", F).stdout == DATA
    assert run("verify", F, "--file", F).returncode == 0
    assert json.loads(run("inspect", F, "--json").stdout)["schema"] > 0
    assert run("map", F, "--read-only", "--", "true").returncode == 0
    assert run("map", F, "--private", "--", "true").returncode == 0
    result = run("wire", F, "--for", "0")
    assert result.returncode == 0, result
    untouched()
    # What names a file on purpose writes it.
    target = box.name + "/new"
    assert run("copy", F, "file:" + target).returncode == 0
    assert open(target, "rb").read() == DATA
    result = run("map", F, "--", "true")
    assert result.returncode == 65 and b"map it with --read-only or --private" in result.stderr, result
    result = run("copy", "file:/proc/version", F)
    assert result.returncode == 65 and b"file:PATH" in result.stderr, result


def test_interfaces():
    for path, kind in [("/proc/self/mem", "proc"), ("/proc/self/oom_score_adj", "proc"),
                       ("/proc/self/clear_refs", "proc"), ("/proc/sys/vm/swappiness", "proc"),
                       ("/sys/kernel/mm/transparent_hugepage/enabled", "sysfs"),
                       ("/sys/power/state", "sysfs")]:
        if not os.path.exists(path):
            continue
        for words in (["fill", path, "--zero"], ["resize", path, "1M"], ["write", path],
                      ["remove", path], ["resize", "file:" + path, "1M", "--force", "--shrink"],
                      ["seal", path, "write"], ["map", path, "--", "true"],
                      ["copy", "file:/proc/version", path], ["create", path, "4K", "--open"]):
            result = run(*words, input=b"1")
            assert result.returncode == 65, (words, result)
            assert f" is on {kind}, not in shared memory".encode() in result.stderr, (words, result)


def test_overlays():
    private("-t", "tmpfs", "tmpfs", "/mnt")
    for name in ("lower", "upper", "work", "all", "ram"):
        os.mkdir("/mnt/" + name)
    with open("/mnt/lower/x", "wb") as lower:
        lower.write(DATA)
    mount("-t", "overlay", "overlay", "-o",
          "lowerdir=/mnt/lower,upperdir=/mnt/upper,workdir=/mnt/work", "/mnt/all")
    for words in changing("/mnt/all/x") + [["remove", "/mnt/all/x"]]:
        result = run(*words, input=b"xyz")
        assert result.returncode == 65 and b" is on overlay, " in result.stderr, (words, result)
        assert os.listdir("/mnt/upper") == [], words
    mount("--bind", box.name, "/dev/shm")
    for words in changing("kept") + [["remove", "kept"], ["rm", "--unused", "/kept"],
                                     ["create", "kept", "10000", "--open"],
                                     ["create", "new", "4K"]]:
        result = run(*words, input=b"xyz")
        assert result.returncode == 65, (words, result)
        assert f" is on {kind(F)}, not in".encode() in result.stderr, (words, result)
        untouched(words)
    assert run("read", "kept").stdout == DATA
    assert sorted(os.listdir("/dev/shm")) == ["kept"]
    # Memory of other kinds is shared memory.
    mount("-t", "ramfs", "ramfs", "/mnt/ram")
    for place in ("/mnt/ram/x", "/mnt/x"):
        with open(place, "wb") as file:
            file.write(bytes(8192))
        assert run("fill", place, "--byte", "7").returncode == 0, place
        assert open(place, "rb").read() == b"\7" * 8192, place
        assert run("resize", place, "4096", "--shrink").returncode == 0, place
        assert run("remove", place).returncode == 0 and not os.path.exists(place), place


def test_race(name):
    import random, threading
    memory = "/dev/shm/" + name
    os.mkdir(memory)
    try:
        with open(memory + "/kept", "wb") as file:
            file.write(bytes(10000))
        way, ends = box.name + "/way", time.monotonic() + 6
        os.symlink(memory, way)
        def turn():
            while time.monotonic() < ends:
                for target in (box.name, memory):
                    os.symlink(target, way + "2")
                    os.rename(way + "2", way)
                    time.sleep(random.random() * 0.004)
        thread = threading.Thread(target=turn)
        thread.start()
        codes = set()
        while time.monotonic() < ends:
            codes.add(run("fill", way + "/kept", "--byte", "9").returncode)
            codes.add(run("resize", way + "/kept", "10001").returncode)
            codes.add(run("resize", way + "/kept", "10000", "--shrink").returncode)
        thread.join()
        untouched()
        assert 65 in codes and codes <= {0, 64, 65, 75} and len(codes) > 1, codes
    finally:
        for left in os.listdir(memory):
            os.unlink(memory + "/" + left)
        os.rmdir(memory)
