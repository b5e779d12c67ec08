import fcntl
import json
import os
import re
import select
import signal
import struct
import subprocess
import time

from inspection import region_of
from support import line, N, P, run, start, stop, T
from wiring import PAGE


def test_rates():
    file = region_of(1024 * PAGE)
    watching = start("inspect", N, "--watch", "200ms", "--json")
    times = [time.time() - 1]
    def look():
        found = json.loads(line(watching.stdout))
        # When it was taken, in seconds: one look after the other.
        assert 0 < found["time"] - times[-1] < 30 and abs(found["time"] - time.time()) < 30, found
        times.append(found["time"])
        [region] = found["regions"]
        return region
    first = look()
    assert first["rates"] is None and first["pages"]["resident"] == 0, first
    os.pwrite(file, bytes(256 * PAGE), 0)
    region = look()
    while region["pages"]["resident"] == 0:
        region = look()
    assert region["rates"]["resident"] > 0 and region["rates"]["swapped"] == 0, region
    assert region["rates"]["resident"] == region["rates"]["allocated"], region
    while region["rates"]["resident"]:
        region = look()
    code, _, err = stop(watching, signal.SIGINT)
    assert (code, err) == (-signal.SIGINT, ""), (code, err)
    # The region that goes ends it, with what an ordinary look would say.
    watching = start("inspect", N, "--watch", "100ms")
    assert N in line(watching.stdout)
    os.unlink(P)
    watching.wait(30)
    assert watching.returncode == 66 and b"no such region" in watching.stderr.read()


def test_terminal():
    import pty, termios
    file = region_of(600 * PAGE)
    os.pwrite(file, bytes(300 * PAGE), 0)
    def shown(columns, *words, **variables):
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
        environment = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "COLUMNS")}
        process = subprocess.Popen([T, "inspect", N, *words], stdin=slave, stdout=slave,
                                   env={**environment, "TERM": "xterm", **variables})
        os.close(slave)
        text = b""
        while b"hole\x1b" not in text and b". hole" not in text and b"m hole" not in text:
            if not select.select([master], [], [], 30)[0]:
                break
            try:
                text += os.read(master, 65536)
            except OSError:
                break
        if "--watch" in words:
            process.send_signal(signal.SIGTERM)
        process.wait(30)
        os.close(master)
        return text.decode()
    def marks(text):
        return [re.sub("\x1b\\[[0-9;]*[mK]", "", row).strip().split("  ")[-1]
                for row in text.splitlines() if re.search("R{8}|[.]{8}", row)]
    narrow, wide = shown(80), shown(200)
    assert max(map(len, marks(narrow))) == 64 and max(map(len, marks(wide))) == 160, narrow
    assert "".join(marks(wide)) == "R" * 300 + "." * 300, marks(wide)
    assert "\x1b[32m" in narrow and "\x1b[32m" in wide
    for plain in (shown(80, NO_COLOR="1"), shown(80, TERM="dumb")):
        assert "\x1b" not in plain and marks(plain) == marks(narrow), plain
    watched = shown(80, "--watch")
    assert watched.startswith("\x1b[?1049h\x1b[?25l\x1b[H") and marks(watched) == marks(narrow), watched
    # Elsewhere COLUMNS says how wide, and there are no colours.
    for columns, length in ((None, 64), ("200", 160), ("x", 64), ("0", 64), ("1", 8)):
        variables = {k: v for k, v in os.environ.items() if k != "COLUMNS"}
        if columns:
            variables["COLUMNS"] = columns
        text = run("inspect", N, env=variables).stdout.decode()
        assert "\x1b" not in text
        assert max(map(len, marks(text))) == length, (columns, text)
