import json
import os
import signal

from support import line, N, run, start, stop
from terminals import Terminal, width

NEW = N + "-new"


def test_looks():
    watching = start("list", "--watch=100ms", N, N + "-*", "-o", "name,size")
    def until(*parts):
        for _ in range(200):
            text = line(watching.stdout)
            if all(part in text for part in parts):
                return text
        raise AssertionError(parts)
    first = until(N, "64 KiB")
    assert "new" not in first.split() and "+" not in first, first
    assert run("resize", N, "96K", "-q").returncode == 0
    grown = until(N, "96 KiB")
    assert grown.split()[:2] == ["+32", "KiB"] and grown.count("+32 KiB") == 2, grown
    assert until(N, "96 KiB").count("+32 KiB") == 1
    assert run("create", NEW, "4K", "-q").returncode == 0
    until("new ", NEW)
    assert run("rm", NEW, "-q").returncode == 0
    until("gone ", NEW)
    assert stop(watching, signal.SIGINT)[0] == -signal.SIGINT
    watching = start("list", "--watch=50ms", N, "--json")
    looks = [json.loads(line(watching.stdout)) for _ in range(3)]
    assert [len(look["regions"]) for look in looks] == [1, 1, 1], looks
    assert looks[0]["time"] < looks[1]["time"] < looks[2]["time"], looks
    assert stop(watching, signal.SIGTERM)[0] == -signal.SIGTERM


def test_screen():
    names = [f"{N}-{index:02}" for index in range(30)]
    for name in names:
        with open("/dev/shm/" + name, "wb") as file:
            file.write(bytes(4096))
    try:
        for columns, rows in ((40, 10), (80, 24), (120, 12)):
            terminal = Terminal("list", "--watch=100ms", N + "*", columns=columns, rows=rows)
            terminal.until(lambda text: text.count("\x1b[H") >= 3)
            shown = terminal.text.split("\x1b[H")[1].replace("\r", "").replace("\x1b[K", "").replace("\x1b[J", "")
            lines = [row for row in shown.split("\n") if row]
            assert len(lines) <= rows and max(map(width, lines)) <= columns, (columns, lines)
            assert "more rows" in lines[-1], lines
            # The largest comes first.
            assert any(N in row or "…" in row for row in lines), lines
            terminal.type("q")
            assert terminal.end() == 0 and terminal.after == terminal.before
            assert terminal.text.count("\x1b[?1049h") == terminal.text.count("\x1b[?1049l") == 1
    finally:
        for name in names:
            os.unlink("/dev/shm/" + name)
