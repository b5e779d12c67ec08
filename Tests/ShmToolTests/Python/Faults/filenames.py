# Files of any name are read and written by each command that takes one, and messages name them safely.
# N is the name of a region and of a stream.
import json
import os
import subprocess
import tempfile
import unicodedata

from support import N, started, T

NAMES = [
    b"plain", b"bad\xff\xfe", b"\xc3", b"new\nline", b"esc\x1b[2J\x07", "bidi\u202etxt".encode(), b"it's",
    "\u0301combining".encode(), "\U0010ff85".encode(), b"a b", b"back\\slash", b"\r", b"=x", b"$(id)", b"c1\xc2\x9bJ",
]


def tool(*words, code=0, **options):
    words = [word if type(word) is bytes else word.encode() for word in words]
    told = subprocess.run(
        [T.encode(), *words], capture_output=True, timeout=120,
        **({"stdin": subprocess.DEVNULL} if "input" not in options else {}), **options)
    assert told.returncode == code, (words, told)
    for text in [told.stderr] if "read" in str(words[0]) or words[0] == b"recv" else [told.stdout, told.stderr]:
        for character in text.decode():
            assert character == "\n" or unicodedata.category(character) not in ("Cc", "Cf"), (words, text)
    return told



region = N.encode()
with tempfile.TemporaryDirectory() as place:
    place = place.encode()
    try:
        for number, name in enumerate(NAMES):
            path, out = place + b"/" + name, place + b"/out-" + name
            data = os.urandom(5000)
            with open(path, "xb") as file:
                file.write(data)
            # The name alone, from its directory.
            tool("create", "-q", region, "--from", name, cwd=place)
            with open(b"/dev/shm/" + region, "rb") as file:
                assert file.read() == data, name
            tool("verify", region, "--file=" .encode() + path)
            tool("fill", "-q", region, "--zero")
            tool("fill", region, "--file", path)
            tool("verify", region, "--file", path)
            tool("fill", "-q", region, "--zero")
            tool("write", region, path)
            told = tool("read", region, "--output", out, "--json")
            assert json.loads(told.stdout)["region"] == N, told
            with open(out, "rb") as file:
                assert file.read() == data, name
            assert sorted(os.listdir(place)) == sorted([name, b"out-" + name]), os.listdir(place)
            os.unlink(out)
            # Streams that meet in a directory of such a name.
            os.mkdir(path + b".d", 0o700)
            environment = {**os.environb, b"SHMTOOL_DIR": path + b".d"}
            sender = subprocess.Popen([T.encode(), b"send", region, path], env=environment)
            started.append(sender)
            tool("recv", region, "-o", out, env=environment)
            assert sender.wait(60) == 0
            with open(out, "rb") as file:
                assert file.read() == data, name
            # Mistakes.
            missing = path + b"\x1b]0;\xff"
            tool("fill", region, "--file", missing, code=66)
            tool("write", region, missing, code=66)
            tool("send", region, missing, code=66)
            tool("read", region, "--output", missing + b"/x", code=66)
            tool("create", region, "--from", missing, code=66)
            tool("create", region, "--from", missing, "--direct", code=66)
            tool("read", region, "--output", path + b"/", code=64)
            tool("read", region, "--output", path + b".d", code=65)
            told = tool("fill", region, "--file", path + b".d", code=65)
            shown = subprocess.run(
                ["bash", "-c", b"printf %s " + told.stderr.split(b" ", 3)[3].rsplit(b": ", 1)[0]],
                capture_output=True).stdout
            assert shown == path + b".d", (shown, told)
            tool("send", region, "--timeout", "0s", env={**environment, b"SHMTOOL_DIR": missing + b"/x"}, code=66)
            for entry in (path, out):
                os.unlink(entry)
            os.rmdir(path + b".d")
            os.unlink(b"/dev/shm/" + region)
    finally:
        if os.path.exists(b"/dev/shm/" + region):
            os.unlink(b"/dev/shm/" + region)
