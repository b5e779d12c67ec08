import os

from support import N, P, start, stop, until


def test_signal(number):
    before = set(os.listdir("/dev/shm"))
    reader, writer = os.pipe()
    process = start("create", N, "--from", "-", stdin=reader)
    os.write(writer, b"x" * 10000)
    def link(number):
        try:
            return os.readlink(f"/proc/{process.pid}/fd/{number}")
        except FileNotFoundError:
            return "closed since"
    until(lambda: any(
        link(number).startswith("/dev/shm/") for number in os.listdir(f"/proc/{process.pid}/fd")))
    assert not os.path.exists(P), "a half-made region is seen"
    code, out, err = stop(process, int(number))
    assert code == -int(number), (code, err)
    assert out == "", out
    assert not os.path.exists(P)


def test_race():
    for _ in range(25):
        both = [start("create", N, size) for size in ("8K", "12K")]
        codes = [process.communicate(timeout=30) and process.returncode for process in both]
        assert sorted(codes) == [0, 73], codes
        assert os.stat(P).st_size == (8192 if codes[0] == 0 else 12288)
        os.unlink(P)
