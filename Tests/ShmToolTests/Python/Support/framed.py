"""The framed form of a stream, written from its description."""
import struct

# Another program's implementation of the framed form, from its description alone.

TABLE = []
for number in range(256):
    for _ in range(8):
        number = number >> 1 ^ (0x82F63B78 if number & 1 else 0)
    TABLE.append(number)


def crc32c(data, crc=0):
    crc ^= 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ TABLE[(crc ^ byte) & 255]
    return crc ^ 0xFFFFFFFF


def checked(data):
    return data + struct.pack("<I", crc32c(data))


def preamble(identifier, expected=2**64 - 1, version=1, kind=1):
    return checked(b"SHMFRAME" + struct.pack("<QQHH", identifier, expected, version, kind))


def record(name, length, total, checksum, tail=b""):
    return checked(struct.pack("<4sIQI", name, length, total, checksum)) + tail


def framed(data, identifier=7, piece=65536, **options):
    """The preamble and the records of the data, without an end; and the end."""
    parts, total, checksum = [preamble(identifier, **options)], 0, 0
    for at in range(0, len(data), piece):
        part = data[at:at + piece]
        total, checksum = total + len(part), crc32c(part, checksum)
        parts.append(record(b"DATA", len(part), total, checksum, part))
    return parts, record(b"END ", 0, total, checksum)


def abort(reason, total=0):
    return record(b"ABRT", len(reason), total, crc32c(reason), reason)


def parse(stream):
    """What a framed stream says: its preamble, its data, and how it ends."""
    assert stream[:8] == b"SHMFRAME" and stream[:32] == checked(stream[:28])
    identifier, expected, version, kind = struct.unpack_from("<QQHH", stream, 8)
    assert version == 1
    data, checksum, at = b"", 0, 32
    while True:
        head = stream[at:at + 24]
        assert len(head) == 24 and head == checked(head[:20]), (at, head)
        name, length, total, told = struct.unpack_from("<4sIQI", head)
        part = stream[at + 24:at + 24 + length]
        assert len(part) == length
        at += 24 + length
        if name == b"DATA":
            assert 1 <= length <= 65536
            data, checksum = data + part, crc32c(part, checksum)
            assert (total, told) == (len(data), checksum)
        elif name == b"END ":
            if kind == 1:
                assert (total, told) == (len(data), checksum)
            return identifier, expected, kind, data, (total, told), stream[at:]
        else:
            assert name == b"ABRT" and told == crc32c(part)
            return identifier, expected, kind, data, part, stream[at:]



# The far end, for CMD: reads a framed stream and answers as its first argument says.
FAR = r"""
import os, sys, time
exec(open(sys.argv[1]).read())
how = sys.argv[2]
stdin, stdout = sys.stdin.buffer, sys.stdout.buffer
if how == "deaf":
    sys.exit(0)
if how == "early":
    head = stdin.read(32)
    stdout.write(preamble(struct.unpack_from("<Q", head, 8)[0], kind=2) + record(b"END ", 0, 0, 0))
    stdout.flush()
if how == "refuses":
    head = stdin.read(32)
    stdout.write(preamble(struct.unpack_from("<Q", head, 8)[0], kind=2) + abort(b"disk \x1b[31mfull"))
    stdout.close()
    stdin.read()
    sys.exit(0)
identifier, expected, kind, data, end, rest = parse(stdin.read())
if how == "never":
    time.sleep(60)
answer = {
    "silent": b"", "nine": b"", "garbage": b"Welcome to there, the time is noon\n" * 3,
    "other": preamble(identifier ^ 1, kind=2) + record(b"END ", 0, *end),
    "short": preamble(identifier, kind=2) + record(b"END ", 0, max(end[0], 1) - 1, end[1]),
    "changed": preamble(identifier, kind=2) + record(b"END ", 0, end[0], end[1] ^ 1),
    "data": preamble(identifier, kind=1) + record(b"END ", 0, *end),
    "announces": preamble(identifier, kind=2, expected=5) + record(b"END ", 0, *end),
    "nested": preamble(identifier, kind=2) + abort(rb"a \x1b b" + b"\x1b c"),
    "later": preamble(identifier, kind=2) + record(b"HAVE", 3, 9, 9, b"abc") + record(b"MORE", 0, 0, 0)
    + record(b"END ", 0, *end),
    "cut": (preamble(identifier, kind=2) + record(b"END ", 0, *end))[:-1],
    "aborts": preamble(identifier, kind=2) + abort(b"the disk is full"),
    "empty": preamble(identifier, kind=2) + abort(b""),
}.get(how, preamble(identifier, kind=2) + record(b"END ", 0, *end))
for at in range(0, len(answer), 7 if how == "slow" else 1 << 20):
    stdout.write(answer[at:at + (7 if how == "slow" else 1 << 20)])
    stdout.flush()
    time.sleep(0.01)
sys.exit({"fails": 3, "nine": 9}.get(how, 0))
"""
