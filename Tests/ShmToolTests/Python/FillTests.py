import os

from support import N, P, run


def test_rules():
    size = 300001
    def splitmix(seed, index):
        mask = (1 << 64) - 1
        word = (seed + (index + 1) * 0x9E3779B97F4A7C15) & mask
        word = ((word ^ (word >> 30)) * 0xBF58476D1CE4E5B9) & mask
        word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) & mask
        return word ^ (word >> 31)
    def words(make):
        return b"".join(make(i).to_bytes(8, "little") for i in range(size // 8 + 1))[:size]
    rules = [
        (["--byte", "255"], b"\xff" * size),
        (["--byte", "0x0A"], b"\n" * size),
        (["--pattern", "ab\\x00\\n\\t\\r\\0\\\\"],
         (b"ab\0\n\t\r\0\\" * size)[:size]),
        (["--pattern", "\u00e9!"], ("\u00e9!".encode() * size)[:size]),
        (["--sequence"], words(lambda i: 8 * i)),
        (["--random"], words(lambda i: splitmix(0, i))),
        (["--random", "--seed", "18446744073709551615"],
         words(lambda i: splitmix(2 ** 64 - 1, i))),
        (["--zero"], bytes(size)),
    ]
    for words, expected in rules:
        for threads in ([], ["--threads", "3"]):
            result = run("fill", N, *words, *threads)
            assert result.returncode == 0 and result.stdout == b"", result
            assert result.stderr.decode().startswith("filled 293 KiB of "), result
            assert open(P, "rb").read() == expected, words
    assert os.stat(P).st_size == size


def test_missing():
    open(P, "wb").close()
    for words in (["fill", N, "--zero"], ["verify", N, "--zero"], ["read", N], ["map", N],
                  ["wire", N]):
        result = run(*words)
        assert result.returncode == 65 and result.stdout == b"", result
    assert os.stat(P).st_size == 0
