import fcntl
import json
import os
import subprocess

from foreign_end import Receiver, Sender
from streams import exactly
from support import N, run, start, T, until


def test_aborts():
    import unicodedata
    def harmless(text):
        for character in text.decode():
            assert character == "\n" or unicodedata.category(character) not in ("Cc", "Cf"), text
    for reason in (b"\x1b[2J\x1b]0;x\x07", b"a\nshmtool: b\r", b"\xff\xfe\xc3", b"", b"\xe2\x80\xae" * 64,
                   b"\xc2\x9b2J", b"\0\0x", b"\x1b" * 192, b"x" * 191 + b"\xc3"):
        for words in ([], ["--json"], ["--progress"]):
            receiver = start("recv", N, *words)
            mine = Sender()
            mine.put(b"hello")
            exactly(receiver.stdout, 5)
            mine.say(6, 77, 5, text=reason)
            error = receiver.communicate(timeout=30)[1]
            assert receiver.returncode == 76, (reason, error)
            harmless(error)
            reader, writer = os.pipe()
            sender = start("send", N, *words, stdin=reader)
            mine = Receiver()
            mine.say(6, mine.stream, 5, text=reason)
            error = sender.communicate(timeout=30)[1]
            os.close(reader), os.close(writer)
            assert sender.returncode == 76, (reason, error)
            harmless(error)


def test_streams():
    import tempfile, unicodedata, urllib.parse
    def harmless(text):
        for character in text.decode():
            assert character == "\n" or unicodedata.category(character) not in ("Cc", "Cf"), text
    def exact(text):
        return urllib.parse.unquote_to_bytes(text[6:]) if text.startswith("bytes:") else text.encode()
    with tempfile.TemporaryDirectory() as place:
        environment = dict(os.environ, SHMTOOL_DIR=place)
        for name in (b"s\x1b[2J\x07", b"new\nline", b"bad\xff\xfe", b"\xe2\x80\xaebidi", b"c1\xc2\x9b", b"tab\tx"):
            def tool(*words, code=0):
                told = subprocess.run([T.encode(), *words], env=environment, capture_output=True,
                                      timeout=120, stdin=subprocess.DEVNULL)
                assert told.returncode == code, (words, told)
                harmless(told.stderr)
                words[0] == b"recv" or harmless(told.stdout)
                return told
            tool(b"send", name, b"--timeout", b"50ms", code=124)
            tool(b"recv", name, b"--timeout", b"50ms", code=124)
            sender = start(b"send", name, b"--json", b"--progress", b"/bin/sh", env=environment)
            until(lambda: os.listdir(place))
            rows = json.loads(tool(b"list", b"--json", b"--kind", b"stream").stdout)["regions"]
            row, = [row for row in rows if row["name"] and exact(row["name"]) == name]
            tool(b"list", b"--kind", b"stream")
            tool(b"list", b"--kind", b"stream", b"--output", b"name,reference,users,owner")
            told = tool(b"recv", name, b"--json", b"--progress")
            # The report follows the progress.
            report = json.loads(told.stderr[told.stderr.index(b"{"):])
            assert exact(report["stream"]) == name, report
            error = sender.communicate(timeout=60)[1]
            harmless(error)
            assert sender.returncode == 0 and exact(
                json.loads(error[error.index(b"{"):])["stream"]) == name, error
            # One that is removed by the reference that the list gives.
            sender = start(b"send", name, b"/bin/sh", env=environment)
            until(lambda: os.listdir(place))
            tool(b"remove", row["reference"].encode(), code=75)
            sender.kill()
            harmless(sender.communicate(timeout=60)[1])
            tool(b"remove", row["reference"].encode())
            tool(b"remove", row["reference"].encode(), code=66)


def test_memfd():
    for name in ("\u0301x", "\u0301", "a\u0301", "\u200d"):
        file = os.memfd_create(name, os.MFD_ALLOW_SEALING)
        os.ftruncate(file, 4096)
        told = run("seal", f"pid:{os.getpid()}:{file}", "shrink")
        assert told.returncode == 0 and fcntl.fcntl(file, 1034) == 2, (name, told)
        os.close(file)


def test_attributes():
    import tempfile
    assert run("create", "-q", N, "4K").returncode == 0
    with tempfile.TemporaryDirectory() as place:
        path = place + "/x"
        open(path, "x").close()
        names = ["user.\u0301x", "user.plain"]
        try:
            for name in names:
                os.setxattr(path, name, b"kept")
        except OSError:
            names = []
        told = run("read", N, "--output", path)
        assert told.returncode == 0, told
        for name in names:
            assert os.getxattr(path, name) == b"kept", name
