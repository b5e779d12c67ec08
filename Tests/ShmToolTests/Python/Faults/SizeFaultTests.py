import os

from faults import sound
from support import allocated, line, N, P, run, start, stop, wired


def test_sizes():
    new = N + "-new"
    bad = ["-1", "-0", "+1", "1e3", "1.5K", "4Gi", "4iB", "0x10", "1_000", "1,000", " 1", "1 ",
           "1 K", "K", "", "1E", "1Kb b", "1KK", "\u0661", "\uff11", "4\u212a", "1b1", "p",
           "9223372036854775808", "18446744073709551615", "18446744073709551616",
           "18446744073709555712", "9223372036854775807K", "8388608T", "9223373T",
           "2251799813685248p", "9007199254740993K", "1" + "0" * 400]
    inode, content = os.stat(P).st_ino, open(P, "rb").read()
    # Every size with some commands, and every command with some sizes.
    for number, size in enumerate(["0", "0K", "0p", *bad]):
        for words in [["create", new], ["create", new, "--sparse"], ["resize", N]][number % 3::3]:
            result = run(*words, "--", size)
            assert result.returncode == 64, (words, size, result)
            assert result.stdout == b"" and result.stderr.startswith(b"shmtool: "), result
            assert len(result.stderr) < 2000, result
        words = [["read", N], ["write", N], ["wire", N], ["fill", N, "--zero"]][number % 4]
        if size in bad:
            result = run(*words, f"{('--offset', '--length')[number // 4 % 2]}={size}")
            assert result.returncode == 64 and result.stdout == b"", (words, size, result)
    assert not os.path.exists("/dev/shm/" + new)
    assert (os.stat(P).st_ino, open(P, "rb").read()) == (inode, content)


def test_absurd():
    for size, number in [("1024T", 1 << 50), ("8388607T", (1 << 63) - (1 << 40)),
                         ("9223372036854775807", (1 << 63) - 1)]:
        result = run("create", N, size)
        assert result.returncode == 79, (size, result)
        assert "needs " in result.stderr.decode(), result
        assert not os.path.exists(P)
        result = run("create", N, size, "--sparse")
        assert result.returncode == 79, (size, result)
        assert "the address space of a process is 128 TiB" in result.stderr.decode(), result
        # Others may have made one all the same.
        open(P, "wb").close()
        os.truncate(P, number)
        for words in (["inspect", N, "--json"], ["map", N, "--", "true"],
                      ["wire", N, "--", "true"], ["wait", N, "--size", size],
                      ["read", N, "--length", "1"], ["read", N, "--offset", "1T", "--hex",
                                                     "--length", "1"]):
            sound(run(*words), size, words)
        result = run("resize", N, "9223372036854775807")
        assert result.returncode == 79, result
        assert allocated(P) == 0, "inspection has brought pages in"
        assert run("remove", N).returncode == 0


def test_ranges(command):
    command, *rest = command.split()
    end = "9223372036854775807"
    for offset, length in [
        ("65535", None), ("65536", None), ("64K", "1"), (end, None), (end, "1"), (end, end),
        ("1", end), ("0", "65536"), ("65534", "2"), ("16p", "1"), ("15p", "1p"), ("0", end),
        ("4096", "9223372036854771712"), ("1", "65535"), ("0", "0"), ("65534", "0"),
    ]:
        words = ["--offset", offset] + ([] if length is None else ["--length", length])
        result = run(command, N, *rest, *words, input=b"y" * 10)
        # An empty range and one beyond all addresses are wrong whatever the region is.
        is_wrong = length == "0" or any(
            "exceeds 2^63" in part for part in result.stderr.decode().split("; "))
        assert result.returncode == (64 if is_wrong else 65) and result.stdout == b"", (words, result)
        assert result.stderr.startswith(b"shmtool: ") and result.stderr.count(b"\n") == 1, result
    assert open(P, "rb").read() == bytes(65535)


def test_unaligned(offset):
    offset = int(offset)
    part = ["--offset", str(offset), "--length", "4098"]
    assert run("fill", N, "--byte", "9", "-q", *part).returncode == 0
    assert open(P, "rb").read() == bytes(offset) + b"\x09" * 4098 + bytes(12289 - 4098 - offset)
    assert run("read", N, *part).stdout == b"\x09" * 4098
    assert run("verify", N, "--byte", "9", *part).returncode == 0
    process = start("wire", N, *part)
    told = line(process.stderr)
    pages = (offset + 4098 + 4095) // 4096 - offset // 4096
    if process.poll() is None:
        assert wired(process.pid) == 4096 * pages, (wired(process.pid), pages, told)
        stop(process)
    else:
        assert process.returncode == 78, (process.returncode, told)
