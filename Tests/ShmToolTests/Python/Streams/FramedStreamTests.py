import inspect
import json
import os
import select
import subprocess
import sys

from framed import abort, checked, crc32c, FAR, framed, parse, preamble, record
from streams import F, feed, Reader
from support import N, run, start, T


FORM = inspect.getsource(inspect.getmodule(parse))


def test_writes():
    for size in (0, 1, 65_536, 300_001):
        data = os.urandom(size)
        receiver = start("recv", N, "--framed", "-q")
        sender = start("send", N, "-q", "--expect-bytes", str(size), stdin=feed(data))
        identifier, expected, kind, got, end, rest = parse(receiver.stdout.read())
        assert (kind, got, end, rest) == (1, data, (size, crc32c(data)), b""), size
        assert expected == size, (expected, size)
        assert (receiver.wait(10), sender.wait(10)) == (0, 0)


def test_reads():
    for size, piece in ((0, 65536), (1, 1), (65_536, 65536), (65_537, 65536), (200_000, 999)):
        data = os.urandom(size)
        parts, end = framed(data, identifier=2**64 - 2, piece=piece, expected=size)
        for rest in (b"", b"behind the end"):
            receiver = start("recv", N, "-q")
            sender = start("send", N, "--framed", "-q", "--capacity", "64K",
                           stdin=feed(b"".join(parts) + end + rest))
            assert receiver.stdout.read() == data
            identifier, _, kind, _, told, after = parse(sender.stdout.read())
            assert (identifier, kind, told, after) == (2**64 - 2, 2, (size, crc32c(data)), b"")
            assert (receiver.wait(10), sender.wait(10)) == (0, 0)


def test_damaged():
    import random
    data = os.urandom(150_000)
    parts, end = framed(data, piece=50_000)
    whole = b"".join(parts) + end
    random = random.Random(15)
    def flipped(at):
        return whole[:at] + bytes([whole[at] ^ 1 << random.randrange(8)]) + whole[at + 1:]
    cut = [(whole[:at], 76) for at in (
        0, 5, 31, 32, 33, 55, 56, 57, 25_000, 50_056, 50_057, len(whole) - 24, len(whole) - 1)]
    broken = [(flipped(at), 65) for at in
              [0, 9, 17, 24, 26, 30, 32, 37, 41, 50, 54, 60, len(whole) - 24, len(whole) - 1]
              + [random.randrange(56, len(whole)) for _ in range(20)]]
    first, second, third = parts[1:]
    broken += [(parts[0] + text, 65) for text in (
        first + third + end, first + first + second + third + end, second + first + third + end,
        first + second + end, first + second + third + first + end,
        first + second + third + record(b"END ", 0, 150_001, crc32c(data)),
        first + second + third + record(b"END ", 0, 150_000, 0),
        record(b"DATA", 65537, 65537, 0, bytes(65537)), record(b"DATA", 0, 0, 0),
        record(b"END ", 1, 0, 0, b"x"), record(b"MORE", 0, 0, 0), abort(bytes(193)),
        record(b"ABRT", 4, 0, 0, b"lies"))]
    broken += [(preamble(7, **other) + first, 65) for other in (
        {"version": 0}, {"version": 2}, {"kind": 2}, {"kind": 0})]
    broken += [(b"".join(framed(data, expected=count)[0]) + end, 65)
               for count in (0, 149_999, 150_001, 2**64 - 2)]
    broken += [(b"".join(parts) + abort(b"x", 1), 65)]
    broken += [(b"GET / HTTP/1.1\r\n\r\n" + bytes(64), 65), (os.urandom(4096), 65)]
    aborted = [(parts[0] + first + abort(b"the disk \x1b[31mis\nfull", 50_000), 76),
               (parts[0] + abort(b""), 76)]
    for number, (stream, code) in enumerate(cut + broken + aborted):
        # The receiver comes first, and may never meet a sender.
        receiver = start("recv", N, "-q", "--timeout", "20s")
        sender = start("send", N, "--framed", "-q", stdin=feed(stream))
        told = sender.stderr.read().decode()
        assert sender.wait(20) == code, (number, stream[:60], sender.returncode, told)
        answer = sender.stdout.read()
        if answer:
            assert type(parse(answer)[4]) is bytes, (number, answer)
        met = stream[:8] == b"SHMFRAME" and stream[24:28] == b"\1\0\1\0" \
            and stream[:32] == checked(stream[:28])
        assert bool(answer) == met, (number, answer)
        if not met:
            receiver.terminate()
        got = receiver.stdout.read()
        assert data.startswith(got) and len(got) <= 150_000, number
        assert receiver.wait(20) == (76 if met else -15), (number, receiver.stderr.read())
        assert "\x1b" not in told and told.count("\n") == 1, told


def test_acknowledgement():
    far, form = F + ".far", F + ".form"
    open(far, "w").write(FAR)
    open(form, "w").write(FORM)
    try:
        data = os.urandom(100_000)
        for how, code, word in (
            ("whole", 0, ""), ("slow", 0, ""), ("later", 0, ""), ("nine", 69, "status 9"), ("silent", 69, "without an acknowledgement"),
            ("garbage", 69, "valid acknowledgement"), ("other", 69, "another stream"),
            ("announces", 69, "announces data"),
            ("short", 69, "acknowledged 99999 bytes"), ("changed", 69, "acknowledged"),
            ("data", 69, "valid acknowledgement"), ("cut", 69, "without"), ("early", 69, "acknowledged 0"),
            ("aborts", 76, "the disk is full"), ("empty", 76, "no reason given"), ("nested", 76, "a \\x1b b\\x1b c"), ("refuses", 76, "full"),
            ("deaf", 69, "without"), ("fails", 3, "status 3"), ("never", 124, "acknowledged")):
            for size in (0, 100_000):
                if size == 0 and how in ("short", "early"):
                    continue
                # Only the far end that never answers is to reach the limit, also on a busy machine.
                limit = "1s" if how == "never" else "15s"
                receiver = start("recv", N, "--framed", "-q", "--stall-timeout", limit, "--",
                                 sys.executable, "-E", far, form, how)
                sender = start("send", N, "-q", stdin=feed(data[:size]))
                told = receiver.stderr.read().decode()
                assert receiver.wait(20) == code, (how, size, receiver.returncode, told)
                assert word in told and "\x1b" not in told, (how, told)
                assert sender.wait(20) == (0 if code == 0 else 76), (how, sender.stderr.read())
                assert receiver.stdout.read() == b"", how
    finally:
        os.unlink(far), os.unlink(form)


def test_relay():
    data = os.urandom(400_000) + bytes(400_000)
    place = F + ".place"
    os.mkdir(place, 0o700)
    try:
        there = {**os.environ, "SHMTOOL_DIR": place}
        last = start("recv", "far", "-q", env=there)
        reader = Reader(last)
        near = start("recv", N, "--framed", "--json", "--", "sh", "-c",
                     'gzip -1 | gzip -dc | SHMTOOL_DIR=$0 $SHMTOOL send far --framed -q', place)
        origin = start("send", N, "-q", stdin=feed(data))
        report = json.loads(near.stderr.read())
        assert report["acknowledged"] is True and report["length"] == len(data), report
        assert (origin.wait(20), near.wait(20), last.wait(20)) == (0, 0, 0)
        reader.join(20)
        assert reader.out == data
        assert os.listdir(place) == []
    finally:
        os.rmdir(place)


def test_command():
    data = os.urandom(100_000)
    parts, end = framed(data)
    open(F, "wb").write(b"".join(parts) + end)
    for words, code in ((["cat", F], 0), (["head", "-c", "70000", F], 76),
                        (["sh", "-c", f"cat {F}; exit 5"], 5), (["sh", "-c", f"cat {F}; kill -9 $$"], 137), (["false"], 76)):
        receiver = start("recv", N, "-q", "--timeout", "20s")
        reader = Reader(receiver)
        sender = start("send", N, "--framed", "-q", "--", *words)
        told = sender.stderr.read().decode()
        assert sender.wait(20) == code, (words, sender.returncode, told)
        if words == ["false"]:
            receiver.terminate()
        receiver.wait(20)
        reader.join(20)
        assert receiver.returncode == (0 if code == 0 else 76) or words == ["false"], words
        assert data.startswith(reader.out) and (receiver.returncode != 0 or reader.out == data)


def test_words():
    for words, text in ((["recv", N, "--framed", "--output", F], "--output"),
                        (["send", N, "--framed", "--report-fd", "1"], "--report-fd")):
        result = run(*words)
        assert result.returncode == 64 and text in result.stderr.decode(), result
    # A terminal gets no raw bytes.
    import pty
    parts, end = framed(b"some bytes")
    open(F, "wb").write(b"".join(parts) + end)
    main, side = pty.openpty()
    receiver = start("recv", N, "-q")
    sender = subprocess.Popen([T, "send", N, "--framed", "-q"], stdout=side,
                              stdin=feed(b"".join(parts) + end))
    assert receiver.stdout.read() == b"some bytes"
    assert (sender.wait(20), receiver.wait(20)) == (0, 0)
    assert not select.select([main], [], [], 0.1)[0], os.read(main, 100)
    # An acknowledgement that cannot be written is an error before the meeting.
    for out in ("<", ">&-"):
        sender = subprocess.run(["sh", "-c", f'"$SHMTOOL" send {N} --framed {F} 1{out}'
                                 + (F if out == "<" else "")], capture_output=True, timeout=20)
        assert sender.returncode == 74 and b"not open for writing" in sender.stderr, sender
    # With a stall timeout it gives up if no receiver connects.
    sender = start("send", N, "--framed", "-q", "--stall-timeout", "300ms",
                   stdin=feed(b"".join(parts) + end))
    assert sender.wait(20) == 124
    assert parse(sender.stdout.read())[2] == 2
    # The bytes were delivered, but no process reads the acknowledgement.
    receiver = start("recv", N, "-q")
    reader, writer = os.pipe()
    os.close(reader)
    sender = subprocess.Popen([T, "send", N, "--framed", "-q"], stdout=writer, stderr=subprocess.PIPE,
                              stdin=feed(b"".join(parts) + end))
    assert receiver.stdout.read() == b"some bytes"
    told = sender.stderr.read().decode()
    assert sender.wait(20) == 74 and "all 10 bytes were delivered" in told, told
