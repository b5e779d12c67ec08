import json
import os
import random
import shutil
import subprocess
import tempfile

from faults import private
from support import N, T, until


# Names of files of every kind, and whether every command resolves a reference to the right file.
from urllib.parse import quote_from_bytes as quote_text, unquote_to_bytes


def quote(name):
    return quote_text(name, safe="").encode()


def decoded(text):
    return unquote_to_bytes(text[6:]) if text.startswith("bytes:") else text.encode()


def generated(source, count, end):
    forms = [b"file:precious", b"file:x", b"file:", b"pid:1:3", b"pid:x", b"sysv:5", b"sysv:",
             b"stream:x", b"bytes:%41", b"bytes:x", b"-", b"--", b"-q", b"--json", b"@", b"a@1",
             b"a@4K", b"1@0x1000", b"12@0x", b"a@", b"@1", b"sem.x", b"~", b"~root", b"#x", b"!x",
             b"=ls", b"$(touch pwned)", b"`id`", b"${HOME}", b"$HOME", b"a b", b" a", b"a ", b"a\tb",
             b"a\nb", b"\n", b"\r", b"a'b", b"''", b'"', b"\\", b"\\n", b"\\x41", b"\\012", b"a\\012b",
             b"*", b"?", b"[a]", b"{a,b}", b"a;b", b"a|b", b"a&b", b"a>b", b"(a)", b"a (deleted)",
             b"a, b", b"a: b", b"%", b"%41", b"\x1b[2J", b"\x7f", b"\x01", b"\xff", b"\xc3", b"\xc0\xaf",
             b"\xed\xa0\x80", b"\xf4\x90\x80\x80", "\u00e9".encode(), "e\u0301".encode(),
             "\u202egnp".encode(), "\u2066".encode(), "\u200b".encode(), "\u00a0".encode(),
             "\u3000".encode(), "\ufeff".encode(), "\U0010ff80".encode(), "\U0010ffff".encode(),
             "\U0010ff80".encode() + b"\x80", "\ue000".encode(), "\u2028".encode(), b".x", b"...", b"0",
             b"0x1", b"1", b"true", b"memfd:x (deleted)", b"SYSV00000000 (deleted)", b"none"]
    pieces = [form for form in forms if len(form) < 20] + [bytes([byte]) for byte in range(1, 256) if byte != 47]
    names = [form + end for form in forms]
    if not end:
        names += [b"x" * 255, b"\xff" * 255, b"\n" * 255, "\u00e9".encode() * 127]
    while len(names) < count or (end and len(names) < len(forms)):
        name = b"".join(source.choice(pieces) for _ in range(source.randint(1, 8)))[:200] + end
        if name not in (b".", b"..") and not name.startswith(b".shmtool-"):
            names.append(name)
    return list(dict.fromkeys(names))


def content(number):
    return b"%08d" % number


def make(path, number):
    with open(path, "xb") as file:
        file.write(content(number))


def command(*words, **options):
    words = [word if type(word) is bytes else word.encode() for word in words]
    options.setdefault("stdin", subprocess.DEVNULL) if "input" not in options else None
    return subprocess.run([T.encode(), *words], capture_output=True, timeout=60, **options)


def out(*words):
    result = command(*words)
    assert result.returncode == 0, result
    return result.stdout


def listing(*words):
    return json.loads(out("list", "--json", *words))["regions"]


# What a shell makes of words, all at once.
def shell(words):
    script = b"printf '%s\\0' " + b" ".join(words)
    result = subprocess.run(["bash", "--norc"], input=script, capture_output=True, timeout=60)
    assert result.returncode == 0 and not result.stderr, result
    return result.stdout.split(b"\0")[:-1]


# By inode: the reference in text, and the row of JSON.
def references():
    here = {entry.inode() for entry in os.scandir(b"/dev/shm")}
    rows = {row["inode"]: row for row in listing("--kind", "posix", "--kind", "semaphore")
            if row["inode"] in here and row["device"] == os.stat("/dev/shm").st_dev}
    lines = out("list", "--no-headings", "--kind", "posix", "--kind", "semaphore",
                "--output", "inode,reference").rstrip(b"\n").split(b"\n")
    pairs = [line.split(None, 1) for line in lines]
    words = shell([word for _, word in pairs])
    assert len(words) == len(pairs), "a reference is not one word"
    return {int(inode): (word, rows[int(inode)])
            for (inode, _), word in zip(pairs, words)
            if int(inode) in rows and not word.startswith((b"/proc/", b"pid:"))}


ways = [
    lambda r: out("read", r),
    lambda r: out("copy", r, "-"),
    lambda r: out("copy", r + b"@0", "-"),
    lambda r: command("verify", "-q", r, "--file", "-", input=out("read", r)).returncode,
    lambda r: out("map", r, "--read-only", "--", "cat", "/proc/self/fd/3"),
    lambda r: out("wire", "-q", r, "--", "true"),
    lambda r: out("wait", r, "--size", "8", "--timeout", "5s"),
]


def check(number, reference, inode):
    told = json.loads(out("inspect", "--json", reference))
    assert [entry["inode"] for entry in told["regions"]] == [inode], (reference, told)
    assert not told["addresses"], (reference, told)
    if number is not None:
        result = ways[number % len(ways)](reference)
        assert result in (b"", 0, content(number)), (reference, result)
        if number % 3 == 0:
            result = command("write", "-q", reference, input=content(number))
            assert result.returncode == 0, (reference, result)
            result = command("copy", "-q", "-", reference, input=content(number))
            assert result.returncode == 0, (reference, result)
            result = command("resize", "-q", reference, "8")
            assert result.returncode == 0, (reference, result)


def remove_all(listed, names):
    for number, name in enumerate(names):
        inode = os.stat(b"/dev/shm/" + name).st_ino
        text, told = listed[inode]
        before = len(os.listdir(b"/dev/shm"))
        reference = text if number % 2 else told["reference"].encode()
        result = command("remove", reference)
        assert result.returncode == 0, result
        assert not os.path.lexists(b"/dev/shm/" + name), (name, result)
        assert before - len(os.listdir(b"/dev/shm")) == 1 or N.encode() in name, name


def test_every_name():
    private("-t", "tmpfs", "shm", "/dev/shm")
    work = tempfile.mkdtemp()
    os.chdir(work)
    names = generated(random.Random(20261126), 600, b"")
    for number, name in enumerate(names):
        make(b"/dev/shm/" + name, number)
    # What the names could be taken for.
    decoys = [b"precious", b"x", b"sub"]
    for decoy in decoys:
        make(decoy, 999999)
    listed = references()
    assert len(listed) == len(names), (len(listed), len(names))
    for number, name in enumerate(names):
        inode = os.stat(b"/dev/shm/" + name).st_ino
        text, told = listed[inode]
        assert told["kind"] == ("semaphore" if name.startswith(b"sem.") else "posix"), told
        for reference in {text, told["reference"].encode()}:
            check(number, reference, inode)
    for decoy in decoys:
        assert open(decoy, "rb").read() == content(999999), decoy
    remove_all(listed, names)
    assert os.listdir("/dev/shm") == [], os.listdir("/dev/shm")
    assert sorted(os.listdir(b".")) == sorted(decoys)
    shutil.rmtree(work)


def test_ordinary_user():
    names = generated(random.Random(7), 40, os.fsencode(N))
    try:
        for number, name in enumerate(names):
            make(b"/dev/shm/" + name, number)
        listed = references()
        for number, name in enumerate(names):
            inode = os.stat(b"/dev/shm/" + name).st_ino
            text, told = listed[inode]
            for reference in {text, told["reference"].encode()}:
                check(number, reference, inode)
            # Reports name it in the same way, and so do messages, as words of a shell.
            told = json.loads(out("fill", text, "--zero", "--json"))["region"]
            check(None, told.encode(), inode)
            failed = command("write", text, "--offset", "1M", input=b"x")
            assert failed.returncode in (64, 65), failed
            quoted = failed.stderr.split(b"cannot write ", 1)[1].rsplit(b": offset 1048576", 1)[0]
            check(None, shell([quoted])[0], inode)
        remove_all(listed, names)
    finally:
        for name in names:
            if os.path.exists(b"/dev/shm/" + name):
                os.unlink(b"/dev/shm/" + name)


def test_streams():
    directory = tempfile.mkdtemp()
    os.environ["SHMTOOL_DIR"] = directory
    end = os.fsencode(N[-30:])
    names = [name + end for name in (
        b"plain", b"file:x", b"pid:1:3", b"sysv:5", b"stream:x", b"bytes:%41", b"-q", b"$(id)",
        b"a b", b"a\nb", b"a'b", b"\xff\xfe", b"a@1", b"\xe2\x80\xae", b"*")]
    regions = []
    try:
        for name in names:
            sender = subprocess.Popen([T.encode(), b"send", b"stream:" + name, b"/dev/null"])
            until(lambda: os.path.exists(os.path.join(os.fsencode(directory), name)))
            region = b"/dev/shm/" + name
            make(region, 1)
            regions.append(region)
            rows = [r for r in listing("--kind", "stream")
                    if decoded(r["name"]) == name]
            assert len(rows) == 1, (name, rows)
            reference = rows[0]["reference"].encode()
            text = [word for word in shell(out(
                "list", "--kind", "stream", "--no-headings", "--output", "reference")
                .splitlines()) if word == b"stream:" + name]
            assert len(text) == 1, name
            # A stream whose sender lives stays.
            assert command("remove", reference).returncode == 75, name
            sender.kill()
            sender.wait()
            stale = command("remove", "--stale").stdout
            words = shell([line.split(b"would remove ")[1].rsplit(b", left by a killed", 1)[0]
                           for line in stale.split(b"\n") if b", left by a killed sender" in line])
            # Other tests of this user may leave streams meanwhile.
            assert [word for word in words if word.endswith(end)] == [b"stream:" + name], (name, stale)
            result = command("remove", reference)
            assert result.returncode == 0 and b"stream" in result.stderr, result
            assert open(region, "rb").read() == content(1), "the region was removed"
            assert not os.path.exists(os.path.join(os.fsencode(directory), name))
            assert command("remove", reference).returncode == 66
    finally:
        for region in regions:
            os.unlink(region)
        shutil.rmtree(directory)


def test_holders():
    end = os.fsencode(N)
    names = [name + end for name in (b"file:x", b"-x", b"a\nb", b"a\\012b", b"\xff", b"a b", b"x@1")]
    pids = []
    try:
        for number, name in enumerate(names):
            make(b"/dev/shm/" + name, number)
            inode = os.stat(b"/dev/shm/" + name).st_ino
            result = command("wire", b"bytes:/" + quote(name), "--background")
            assert result.returncode == 0, result
            held = [row for row in json.loads(out("wire", "--list", "--json"))["holders"]
                    if os.fsencode(N) in decoded(row["region"]) and not row["removed"]]
            assert len(held) == 1, (name, held)
            pids.append(held[0]["pid"])
            check(number, held[0]["region"].encode(), inode)
            own = json.loads(out("inspect", "--pid", str(pids[-1]), "--json"))["regions"]
            assert [entry["inode"] for entry in own] == [inode], own
            check(number, own[0]["region"].encode(), inode)
            result = command("unwire", held[0]["region"])
            assert result.returncode == 0, result
            told = shell([result.stderr.split(b" of ", 1)[1].rsplit(b", held by", 1)[0]])[0]
            check(number, told, inode)
    finally:
        for pid in pids:
            try:
                os.kill(pid, 9)
            except ProcessLookupError:
                pass
        for name in names:
            if os.path.exists(b"/dev/shm/" + name):
                os.unlink(b"/dev/shm/" + name)
