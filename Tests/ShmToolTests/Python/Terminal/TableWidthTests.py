import os

from support import N, P, run, start, stop, until
from terminals import Terminal, shown, width

LONG = N + "-" + "x" * 90 + "-end"
WIDE = N + "-" + "共有" * 20 + "e\u0301" * 10


def test_list():
    for name in (N, LONG, WIDE):
        with open("/dev/shm/" + name, "wb") as file:
            file.write(bytes(8192))
    try:
        for columns in (40, 80, 120):
            for words in ((), ("-o", "name,size"), ("-o", "size,name,users,reference"), ("-o", "all")):
                lines, code = shown("list", N + "*", *words, columns=columns)
                assert code == 0 and len(lines) > 3, lines
                assert max(map(width, lines)) <= columns, (columns, words, lines)
                # The beginning and the end of the name are left, and a column beside it.
                assert any("…" in line and "-end" in line for line in lines), lines
        # The size is the last column that is omitted, and columns without information are the first.
        lines, _ = shown("list", N + "*", columns=40)
        assert "SIZE" in lines[0] and any("8 KiB" in line for line in lines), lines
        lines, _ = shown("list", N + "*", columns=80)
        assert "SIZE" in lines[0] and "AGE" in lines[0] and "WIRED" not in lines[0], lines
        lines, _ = shown("list", N + "*", "-o", "all", columns=80)
        assert "SIZE" in lines[0] and "ALLOCATED" in lines[0] and "REFERENCE" not in lines[0], lines
        # Two columns are enough for the whole width: it is used.
        lines, _ = shown("list", LONG, "-o", "name,size", columns=80)
        assert max(map(width, lines)) == 80, lines
        # Columns without room are named.
        lines, _ = shown("list", N + "*", columns=40)
        note = " ".join(lines[lines.index(next(l for l in lines if l.startswith("(not"))):])
        assert "ALLOCATED" in note and "--no-truncate" in note, lines
        lines, _ = shown("list", N + "*", "--no-truncate", columns=40)
        for text in ("\n".join(lines), run("list", N + "*").stdout.decode()):
            assert LONG in text and WIDE in text and "…" not in text and "ALLOCATED" in text, text
            assert "not shown" not in text, text
        # Wide characters take two columns, combining ones none: the next column is aligned.
        lines, _ = shown("list", N + "*", "-o", "name,kind", "-n", "--no-truncate", columns=300)
        starts = {width(line[:line.rindex("posix")]) for line in lines if line}
        assert len(starts) == 1, lines
    finally:
        for name in (LONG, WIDE):
            os.unlink("/dev/shm/" + name)


def test_properties():
    with open(P, "wb") as file:
        file.write(bytes(1 << 20))
    whole = run("inspect", N).stdout.decode().split()
    holder = start("map", N)
    until(lambda: any(row.split()[0] == str(holder.pid) for row in run("inspect", N).stdout.decode().splitlines()
                      if row.strip()))
    for columns in (40, 80, 120):
        for words in (("inspect", N), ("limits",), ("inspect", N, "--pages")):
            lines, code = shown(*words, columns=columns)
            assert code == 0
            table = [line for line in lines if " mark is " not in line and "only some" not in line]
            # The tables of properties end where the sentences of the verdict begin.
            if words == ("limits",):
                table = table[:table.index("")]
            assert max(map(width, table)) <= columns, (columns, words, table)
    # The figures of a user are shown before its addresses.
    for columns in (56, 80):
        lines, _ = shown("inspect", N, columns=columns)
        [heading] = [line.split() for line in lines if line.startswith("  PID")]
        assert heading[-4:] == ["RESIDENT", "SHARE", "WIRED", "COPIED"], (columns, lines)
        assert "ACCESS" not in heading, (columns, lines)
    # A value continues in the next lines, and loses no word.
    lines, _ = shown("inspect", N, columns=50)
    words = " ".join(lines).split()
    for word in whole[:30]:
        assert word in words, (word, lines)
    lines, _ = shown("inspect", N, columns=50)
    assert any(line.startswith("            ") and line.strip() for line in lines), lines
    stop(holder)


def test_holders():
    with open(P, "wb") as file:
        file.write(bytes(4096))
    holder = start("wire", N, "--for", "1m")
    until(lambda: N in run("wire", "--list").stdout.decode())
    for columns in (40, 80, 120):
        lines, code = shown("wire", "--list", columns=columns)
        table = [line for line in lines if not line.startswith("(")]
        assert code == 0 and max(map(width, table)) <= columns, (columns, lines)
    lines, _ = shown("wire", "--list", "--no-truncate", columns=40)
    assert any(N in line for line in lines), lines
    stop(holder)


def test_progress():
    for columns in (12, 40, 80, 120):
        with open(P, "wb") as file:
            file.write(bytes(1 << 20))
        input, output = os.pipe()
        terminal = Terminal("write", N, columns=columns, stdin=input)
        os.close(input)
        for _ in range(10):
            os.write(output, bytes(65536))
            terminal.read(0.15)
        os.close(output)
        assert terminal.end() == 0, terminal.text
        drawn = [piece for piece in terminal.text.split("\r") if "KiB" in piece and "wrote" not in piece]
        assert len(drawn) >= 2, terminal.text
        for piece in drawn:
            assert width(piece.replace("\x1b[K", "")) < columns, (columns, drawn)
            assert "\n" not in piece, drawn


def test_plain():
    for term in ("dumb", None, ""):
        with open(P, "wb") as file:
            file.write(bytes(1 << 20))
        input, output = os.pipe()
        terminal = Terminal("write", N, columns=40, term=term, stdin=input)
        os.close(input)
        for _ in range(8):
            os.write(output, bytes(65536))
            terminal.read(0.15)
        os.close(output)
        assert terminal.end() == 0 and "KiB" in terminal.text
        assert "\x1b" not in terminal.text, terminal.text
        lines, _ = shown("inspect", N, term=term)
        assert not any("\x1b" in line for line in lines), lines
        terminal = Terminal("inspect", N, "--watch=50ms", term=term)
        terminal.until(lambda text: text.count("page map") >= 3)
        terminal.process.terminate()
        terminal.end()
        assert "\x1b" not in terminal.text, terminal.text
