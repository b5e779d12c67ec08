import json
import os
import re
import subprocess

from support import N, run, T


def test_refused():
    base = os.path.basename(N)
    bad = [b"", b"/", b".", b"..", b"/.", b"/..", b"a//b", b"//a", b"../x", b"a/../b", b"a/",
           b"./", b"x" * 256, b"/" + b"x" * 256, b"x" * 4096, b"a/" + b"x" * 256,
           b"/" + b"a/" * 2047 + b"x" * 9, b"file:", b"file:/dev/shm/", b"file:..", b"pid:",
           b"pid:1:", b"pid:-1:3", b"sysv:", b"sysv:x", b"sysv:-1", b"bytes:",
           b"bytes:%zz", b"bytes:%", b"\xff/../x", b"bytes:a%2F%2Fb"]
    commands = [["create", "%", "4K"], ["inspect", "%"], ["remove", "%"], ["read", "%"],
                ["write", "%"], ["fill", "%", "--zero"], ["verify", "%", "--zero"],
                ["resize", "%", "4K"], ["map", "%", "--", "true"], ["wire", "%", "--", "true"],
                ["seal", "%", "shrink"], ["unwire", "%"], ["wait", "%", "--timeout", "0s"]]
    before = set(os.listdir("/dev/shm"))
    # If others' tests share this /dev/shm: what they make carries a name of theirs, also while it is
    # removed or replaced, or is the directory of their streams. No operand here contains such a name.
    def is_made_here(name):
        if re.search(r"shmtool-test-\d+-\d+-", name) or name == f".shmtool-{os.geteuid()}":
            return False
        try:
            return os.lstat("/dev/shm/" + name).st_uid == os.geteuid()
        except FileNotFoundError:
            return False
    for number, name in enumerate(bad):
        # Every name with some commands, and every command with some names.
        for command in commands[number % 6::6]:
            words = [name if word == "%" else word.encode() for word in command]
            result = subprocess.run(
                [T.encode(), *words], stdin=subprocess.DEVNULL, capture_output=True, timeout=30)
            assert result.returncode == 64, (words, result)
            assert result.stdout == b"" and result.stderr.startswith(b"shmtool: "), result
            assert result.stderr.count(b"\n") == 1 and len(result.stderr) < 5000, result
            assert all(byte >= 32 for byte in result.stderr.decode().encode()[:-1]), result
    made = list(filter(is_made_here, set(os.listdir("/dev/shm")) - before))
    assert not made, made
    try:
        subprocess.run([T, "inspect", "a\0b"])
        assert False, "a NUL cannot be passed"
    except ValueError:
        pass


def test_untouched(name):
    name = {"LONG": b"x" * 256}.get(name, name.encode())
    log = "/tmp/" + N
    def trace(*words):
        subprocess.run(["strace", "-f", "-qq", "-o", log, "-e", "trace=%file", T, *words],
                       capture_output=True, timeout=30)
        try:
            return open(log, "rb").read()
        finally:
            os.unlink(log)
    assert b"/dev/shm" in trace("inspect", "shmtool-test-none"), "the trace sees nothing"
    for words in ([b"create", name, b"4K"], [b"inspect", name], [b"remove", name]):
        assert b"/dev/shm" not in trace(*words), words


def test_accepted():
    names = [N + " x", N + "\nx", N + "\\x", N + "\t'\"$x", N + "\u00e9", N + "e\u0301",
             (N + "x" * 255)[:255], N + "\u00e9" * ((255 - len(N)) // 2), "-" + N, "--" + N]
    dashes = lambda name: ["--", name] if name[0] == "-" else [name]
    try:
        for name in names:
            path = "/dev/shm/" + name
            if name[0] == "-":
                run("create", name, "4K")
                assert not os.path.exists(path), "an option is taken for a name"
            result = run("create", "-q", *dashes(name), "4K")
            assert result.returncode == 0 and os.stat(path).st_size == 4096, (name, result)
            assert run("create", "-q", *dashes(name), "4K").returncode == 73
            told = json.loads(run("inspect", "--json", *dashes(name)).stdout)["regions"][0]
            assert told["size"] == 4096, told
            result = run("inspect", *dashes(name))
            assert result.returncode == 0 and "\t" not in result.stdout.decode(), result
        assert len({os.stat("/dev/shm/" + name).st_ino for name in names}) == len(names)
        composed, other = names[4], names[5]
        assert run("fill", composed, "--byte", "7", "-q").returncode == 0
        assert open("/dev/shm/" + other, "rb").read() == bytes(4096), "two names for one letter"
        for name in names:
            assert run("remove", *dashes(name)).returncode == 0, name
            assert not os.path.exists("/dev/shm/" + name), name
    finally:
        for name in names:
            if os.path.exists("/dev/shm/" + name):
                os.unlink("/dev/shm/" + name)


def test_foreign():
    tails = [b"\x1b[31mred\x1b[0m", b"\x1b]0;title\x07", b"cr\rover", b"new\nline", b"\tx",
             "\u009b31m".encode(), "\u202egnp".encode(), "\u2066x\u2069".encode(),
             "\u200b".encode(), b"\x7f", b"bad\xff\xfe", b"quote\"\\slash",
             "\u00e9".encode(), "e\u0301".encode(), "\u2028".encode()]
    names = [N.encode() + tail for tail in tails]
    def harmless(text):
        for character in text.decode("utf-8"):
            number = ord(character)
            assert character == "\n" or number >= 32 and not 127 <= number < 160, (number, text)
            assert number not in (0x200b, 0x202e, 0x2066, 0x2069, 0x2028), (hex(number), text)
    try:
        for name in names:
            with open(b"/dev/shm/" + name, "wb") as file:
                file.write(b"x")
        result = run("list")
        assert result.returncode == 0, result
        harmless(result.stdout)
        rows = [row for row in result.stdout.decode().splitlines() if N in row]
        assert len(rows) == len(names), rows
        assert len([row for row in rows if r"\x1b[31mred" in row]) == 1, rows
        result = run("list", "--json")
        harmless(result.stdout)
        assert json.loads(result.stdout)["schema"] == 2
        shown = set()
        for name in names:
            for words in (["inspect"], ["inspect", "--json"])[names.index(name) % 2:]:
                result = subprocess.run(
                    [T.encode(), *map(str.encode, words), name], capture_output=True, timeout=30)
                harmless(result.stdout)
                harmless(result.stderr)
                assert result.returncode == 0, result
                if "--json" in words:
                    shown.add(json.loads(result.stdout)["regions"][0]["region"])
        assert len(shown) == len(names), shown
        for name in names:
            result = subprocess.run(
                [T.encode(), b"remove", name], capture_output=True, timeout=30)
            assert result.returncode == 0, result
            harmless(result.stderr)
    finally:
        for name in names:
            if os.path.exists(b"/dev/shm/" + name):
                os.unlink(b"/dev/shm/" + name)
