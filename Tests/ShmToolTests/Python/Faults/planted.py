# What others have planted around a region is printed without a raw control character, in valid UTF-8, and JSON
# holds it exactly: mounts, users, control groups, command names, variables. For root. N is a region's name.
import contextlib
import ctypes
import json
import mmap
import os
import socket
import subprocess
import tempfile
import unicodedata
import urllib.parse

from support import N, T, until

C = ctypes.CDLL(None, use_errno=True)
HOSTILE = [b"m\x1b[2J\x07", b"new\nline", "bidi\u202ex\u2066".encode(), b"bad\xff\xfe", b"c1\xc2\x9b2J",
           "\u0301mark".encode(), b"sp ace\ttab", b"$(touch pwned)`id`'\"", b"back\\040slash"]


def call(result):
    assert result == 0, os.strerror(ctypes.get_errno())


def mount(source, target, kind, flags=0, data=None):
    call(C.mount(source, target, kind, flags, data))


def exact(text):
    """The bytes that a string of JSON stands for."""
    return urllib.parse.unquote_to_bytes(text[6:]) if text.startswith("bytes:") else text.encode()


def tool(*words, code=(0,), **options):
    told = subprocess.run(
        [T.encode(), *[word if type(word) is bytes else word.encode() for word in words]],
        capture_output=True, timeout=120, stdin=subprocess.DEVNULL, **options)
    assert told.returncode in code, (words, told)
    for text in (told.stdout, told.stderr):
        for character in text.decode():
            assert character == "\n" or unicodedata.category(character) not in ("Cc", "Cf"), (words, text)
    return json.loads(told.stdout, strict=True) if "--json" in words and told.stdout else told



# A private mount namespace.
call(C.unshare(0x20000))
mount(None, b"/", None, 0x44000)
work = tempfile.mkdtemp().encode()
mount(b"none", work, b"tmpfs")

for name in HOSTILE:
    # The directory, the name of the file in it, and what the file system is called.
    point = work + b"/" + name
    os.mkdir(point)
    mount(name, point, b"tmpfs", 0, b"size=1m")
    path = point + b"/" + name
    with open(path, "xb") as file:
        file.truncate(8192)
    told = tool("inspect", "--json", b"file:" + path)["regions"][0]
    assert exact(told["mount_point"]) == point, (told, point)
    assert exact(told["path"]) == path and "size=1024k" in told["mount_options"], told
    tool("inspect", b"file:" + path)
    tool("resize", b"file:" + path, "2M", code=(79,))
    tool("create", b"file:" + point + b"/large", "2M", code=(79,))
    with open(path, "r+b") as file:
        memory = mmap.mmap(file.fileno(), 8192)
        memory[0] = 1
        rows = [row for row in tool("list", "--json", "--pid", str(os.getpid()))["regions"]
                if row["inode"] == os.stat(path).st_ino and row["device"] == os.stat(path).st_dev]
        assert len(rows) == 1 and exact(rows[0]["name"]) == path, rows
        shown = tool("list", "--output", "name,reference", "--pid", str(os.getpid()))
        assert shown.stdout.count(b"\n") == len(tool("list", "--json", "--pid", str(os.getpid()))["regions"]) + 1
        memory.close()
    tool("remove", rows[0]["reference"])
    assert not os.path.exists(path)
    call(C.umount2(point, 2))

# Mounted without a source: the kernel's table has an empty word there.
os.mkdir(work + b"/empty")
mount(b"", work + b"/empty", b"tmpfs")
with open(work + b"/empty/x", "xb") as file:
    file.truncate(4096)
told = tool("inspect", "--json", b"file:" + work + b"/empty/x")["regions"][0]
assert exact(told["mount_point"]) == work + b"/empty", told

# Options that hold a path of another user's.
lower = work + b"/lower\x1b[2J\xe2\x80\xae\xff"
for name in (lower, work + b"/merged"):
    os.mkdir(name)
open(lower + b"/x", "xb").close()
# More than one layer needs no upper one.
os.mkdir(work + b"/other")
if C.mount(b"overlay", work + b"/merged", b"overlay", 0, b"lowerdir=" + lower + b":" + work + b"/other") == 0:
    told = tool("inspect", "--json", b"file:" + work + b"/merged/x", code=(0, 65))
    if told:
        options = [exact(option) for option in told["regions"][0]["mount_options"]]
        assert any(option.startswith(b"lowerdir=" + lower) for option in options), options
        tool("inspect", b"file:" + work + b"/merged/x")

# Names of users.
region = b"/dev/shm/" + N.encode()
users = work + b"/passwd"
with open(users, "xb") as file:
    file.write(b"root:x:0:0::/:/bin/sh\n")
    for number, name in enumerate(HOSTILE):
        if b"\n" not in name:
            file.write(name + b":x:%d:0::/:/bin/sh\n" % (12300 + number))
mount(users, b"/etc/passwd", None, 0x1000)
try:
    with open(region, "xb") as file:
        file.truncate(4096)
    for number, name in enumerate(HOSTILE):
        if b"\n" in name:
            continue
        os.chown(region, 12300 + number, 0)
        row, = [row for row in tool("list", "--json", "--user", name)["regions"] if row["name"] == N]
        assert exact(row["owner"]) == name, row
        tool("list", "--user", name)
        tool("list", "--user", name + b"\x1b", code=(66,))
        told = tool("inspect", "--json", N)["regions"][0]
        assert exact(told["owner"]) == name, told
        tool("inspect", N)
        tool("create", "--open", N, "4K", code=(0, 77))
        # The user's stream whose sender was killed.
        place = b"/dev/shm/.shmtool-%d" % (12300 + number)
        os.mkdir(place, 0o700)
        os.chown(place, 12300 + number, 0)
        with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)) as server:
            server.bind(place + b"/" + name.replace(b"/", b""))
        os.chown(place + b"/" + name, 12300 + number, 0)
        try:
            told = tool("remove", "--stale", "--json")
            found = [(exact(row["region"]), exact(row["owner"])) for row in told["streams_of_others"]]
            assert (b"stream:" + name, name) in found, (told, name)
            lines = [line for line in tool("remove", "--stale").stdout.splitlines() if b"setpriv" in line]
            os.makedirs(work + b"/cwd", exist_ok=True)
            for line in lines:
                # What is advised names the user and the stream, and runs nothing else.
                words = subprocess.run(
                    ["bash", "-c", b"printf '%s\\0' " + line.split(b"with: ")[1]],
                    capture_output=True, cwd=work + b"/cwd").stdout.split(b"\0")
                assert words[:2] == [b"setpriv", b"--reuid"] and len(words) == 8, (line, words)
            assert os.listdir(work + b"/cwd") == []
        finally:
            os.unlink(place + b"/" + name)
            os.rmdir(place)
finally:
    os.unlink(region)

# Control groups.
groups = [b"/sys/fs/cgroup/memory", b"/sys/fs/cgroup"]
above = next((group for group in groups if os.path.exists(group + b"/cgroup.procs")), None)
for name in HOSTILE if above else []:
    group = above + b"/" + N.encode() + b"-" + name + b".service"
    try:
        os.mkdir(group)
    except OSError:
        # No line end may stand in one, and some of a container are read-only.
        continue
    try:
        def enter():
            with open(group + b"/cgroup.procs", "w") as file:
                file.write(str(os.getpid()))
        for limit in (b"/memory.limit_in_bytes", b"/memory.max"):
            if os.path.exists(group + limit):
                with open(group + limit, "w") as file:
                    file.write("64M")
        told = tool("limits", "--json", preexec_fn=enter)
        if above == groups[0]:
            assert os.path.basename(group) in [
                os.path.basename(exact(entry["path"])) for entry in told["cgroups"]], (told, group)
        tool("limits", preexec_fn=enter)
        shown = tool("limits", "--need", "1G", preexec_fn=enter, code=(1,))
    finally:
        until(lambda: not open(group + b"/cgroup.procs").read())
        os.rmdir(group)

# Variables, and commands that cannot be run.
tool("create", "-q", N, "4K")
try:
    for text in HOSTILE:
        environment = {**os.environb, b"COLUMNS": text, b"TERM": text, b"NO_COLOR": text, b"LANG": text}
        tool("list", env=environment)
        tool("inspect", N, env=environment)
        environment = {**os.environb, b"NOTIFY_SOCKET": work + b"/" + text}
        tool("wire", N, "--for", "0s", env=environment, code=(74,))
        for words in (["map", N], ["wire", N], ["send", N], ["recv", N]):
            tool(*words, "--", text, code=(127,))
            tool(*words, "--", text, env={**os.environb, b"PATH": text}, code=(127,))
        command = work + b"/" + text
        os.path.exists(command) or os.mkdir(command)
        tool("map", N, "--", command, code=(126, 127))
    # Where commands are is a name of any bytes.
    os.mkdir(work + b"/bin\xff")
    os.symlink(b"/bin/true", work + b"/bin\xff/mine")
    tool("wire", N, "--", "mine", env={**os.environb, b"PATH": work + b"/bin\xff"})
    tool("create", N + "-w", "4K", "--wired", "--", "mine", env={**os.environb, b"PATH": work + b"/bin\xff"})
    os.unlink(region + b"-w")
finally:
    os.unlink(region)
