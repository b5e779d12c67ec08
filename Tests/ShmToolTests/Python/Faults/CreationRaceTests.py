import os

from support import N, P, start


def test_processes():
    inputs = [b"a" * 10001, b"b" * 20002]
    files = []
    for data in inputs:
        files.append(os.memfd_create("input"))
        os.write(files[-1], data)
    wins = [0, 0]
    for round in range(60):
        for file in files:
            os.lseek(file, 0, os.SEEK_SET)
        both = [start("create", N, "--from", "-", stdin=file) for file in files]
        told = [process.communicate(timeout=30)[1].decode() for process in both]
        codes = [process.returncode for process in both]
        assert sorted(codes) == [0, 73], (codes, told)
        assert "the name is in use" in told[codes.index(73)], told
        assert open(P, "rb").read() == inputs[codes.index(0)], round
        wins[codes.index(0)] += 1
        os.unlink(P)
