import json
import os
import select
import time

from streams import beside, F, feed, Reader, SOCKET
from support import N, run, start, until, wired


def test_whole(order):
    for size in (0, 1, 4095, 65535, 65536, 65537, 3_000_001):
        data = os.urandom(size)
        for piped in (False, True):
            def sending():
                words = ["--capacity", "64K", "--checksum"] if size % 2 else ["--capacity", "64K"]
                if piped:
                    return start("send", N, *words, stdin=feed(data))
                with open(F, "wb") as file:
                    file.write(data)
                return start("send", N, F, *words)
            if order == "sender first":
                sender = sending()
                until(lambda: os.path.exists(SOCKET))
                receiver = start("recv", N)
            else:
                receiver = start("recv", N)
                time.sleep(0.05)
                sender = sending()
            out, err = receiver.communicate(timeout=60)
            told = sender.communicate(timeout=60)
            assert (receiver.returncode, sender.returncode) == (0, 0), (size, err, told)
            assert out == data, (size, len(out))
            assert b"received " in err and b" to 1 receiver of" in told[1], (err, told)
    assert not os.path.exists(SOCKET)


def test_fan_out():
    data = os.urandom(2_000_003)
    receivers = [start("recv", N, "-q") for _ in range(4)]
    sender = start("send", N, "--receivers", "4", "--capacity", "64K", stdin=feed(data))
    threads = [Reader(receiver) for receiver in receivers]
    for thread in threads:
        thread.join(60)
        assert thread.out == data, len(thread.out)
    assert [receiver.wait(30) for receiver in receivers] == [0] * 4
    assert sender.communicate(timeout=30) and sender.returncode == 0


def test_output():
    open(F, "wb").write(b"old")
    data = os.urandom(500_000)
    receiver = start("recv", N, "--output", F)
    sender = start("send", N, stdin=feed(data))
    assert (receiver.wait(30), sender.wait(30)) == (0, 0)
    assert open(F, "rb").read() == data
    reader, writer = os.pipe()
    sender = start("send", N, stdin=reader)
    receiver = start("recv", N, "--output", F)
    os.write(writer, b"half")
    # The name is removed after both have connected; a receiver without a connection would wait for another sender.
    while select.select([reader], [], [], 0)[0] and sender.poll() is None:
        time.sleep(0.01)
    sender.kill()
    assert receiver.wait(30) == 69
    assert open(F, "rb").read() == data and not beside(F)
    # An error of the file is reported before a peer connects.
    for path, code in (("/nonexistent/x", 66), ("/tmp", 65), ("/tmp/", 64), ("/tmp/..", 64)):
        result = run("recv", N, "--output", path)
        assert result.returncode == code, (path, result)


def test_commands():
    def pair(send, recv):
        receiver, sender = start("recv", N, *recv), start("send", N, *send)
        out, err = receiver.communicate(timeout=30)
        told = sender.communicate(timeout=30)
        return receiver.returncode, sender.returncode, out, err + told[1]
    codes = pair(["--", "printf", "abc"], ["--", "sh", "-c", "cat; echo ' got'"])
    assert codes[:3] == (0, 0, b"abc got\n"), codes
    codes = pair(["--", "sh", "-c", "echo part; exit 5"], [])
    assert codes[:2] == (76, 5) and b"status 5" in codes[3], codes
    codes = pair(["--", "sh", "-c", "echo part; kill -9 $$"], [])
    assert codes[:2] == (76, 137), codes
    codes = pair(["--", "echo", "x"], ["--", "sh", "-c", "cat >/dev/null; exit 6"])
    assert codes[:2] == (6, 76), codes
    codes = pair(["/dev/zero"], ["--", "sh", "-c", "head -c 1 >/dev/null; exit 7"])
    assert codes[:2] == (7, 76), codes
    # A command that cannot be run is reported before a peer connects.
    for command in ("send", "recv"):
        for word, code in (("/nonexistent", 127), ("no-such-command", 127), ("/etc/passwd", 126)):
            result = run(command, N, "--", word)
            assert result.returncode == code, (command, word, result)
    assert not os.path.exists(SOCKET)


def test_report():
    reader, writer = os.pipe()
    receiver = start("recv", N, "-q")
    sender = start("send", N, "--json", "--report-fd", str(writer), "--checksum",
                   stdin=feed(b"123456789"), pass_fds=[writer])
    out, err = receiver.communicate(timeout=30)
    assert (out, err) == (b"123456789", b""), (out, err)
    assert sender.communicate(timeout=30) == (b"", b""), sender
    os.close(writer)
    told = json.loads(os.read(reader, 65536))
    assert (told["schema"], told["length"], told["receivers"]) == (2, 9, 1), told
    assert told["checksum"] == "crc32c:e3069283", told
    assert told["crossings_per_gib"] > 0 and told["waits"] >= 0, told


def test_expected():
    for send, recv, codes in (
            (["--expect-bytes", "5"], [], (0, 0)), (["--expect-bytes", "4"], [], (65, 76)),
            ([], ["--expect-bytes", "5"], (0, 0)), ([], ["--expect-bytes", "6"], (76, 65))):
        receiver = start("recv", N, *recv)
        sender = start("send", N, *send, stdin=feed(b"12345"))
        assert (sender.wait(30), receiver.wait(30)) == codes, (send, recv)


def test_wired():
    reader, writer = os.pipe()
    sender = start("send", N, "--wired", "--capacity", "64K", stdin=reader)
    receiver = start("recv", N)
    os.write(writer, b"x")
    assert receiver.stdout.read(1) == b"x"
    assert wired(sender.pid) >= 65536 and wired(receiver.pid) >= 65536
    os.close(writer)
    assert (sender.wait(30), receiver.wait(30)) == (0, 0)
