import json
import mmap
import os
import socket

from support import N, P, run


def test_table(command):
    assert run("create", N, "64K", "-q").returncode == 0
    result = run(command)
    assert result.returncode == 0 and not result.stderr, result
    lines = result.stdout.decode().splitlines()
    assert lines[0].split() == [
        "KIND", "NAME", "SIZE", "ALLOCATED", "SWAPPED", "WIRED", "OWNER", "AGE", "USERS"], lines[0]
    row, = [line for line in lines if N in line]
    assert row.split()[0] == "posix" and "64 KiB" in row and row.endswith(" none seen"), row


def test_kinds():
    assert run("create", N, "64K", "-q").returncode == 0
    made = [f"/dev/shm/sem.{N}", f"{P}-fifo", f"{P}-link", f"{P}-socket"]
    listener = socket.socket(socket.AF_UNIX)
    os.mkdir(P + "-directory")
    try:
        open(made[0], "wb").write(bytes(32))
        os.mkfifo(made[1])
        os.symlink(P, made[2])
        listener.bind(made[3])
        def names(*words):
            found = json.loads(run("list", "--json", *words).stdout)["regions"]
            return {(row["kind"], row["name"]) for row in found if N in (row["name"] or "")}
        assert names() == {("posix", N), ("semaphore", "sem." + N)}, names()
        assert names("--kind", "posix") == {("posix", N)}
        assert names("--kind", "semaphore") == {("semaphore", "sem." + N)}
    finally:
        for path in made:
            os.unlink(path)
        os.rmdir(P + "-directory")


def test_users():
    assert run("create", N, "64K", "-q").returncode == 0
    def row():
        found = json.loads(run("list", "--json").stdout)["regions"]
        return next(row for row in found if row["name"] == N)
    assert row()["used"] is None and row()["no_user_seen"] is True and row()["users"] == []
    file = os.open(P, os.O_RDWR)
    memory = mmap.mmap(file, 65536)
    me = row()
    assert me["used"] is True, me
    user = next(user for user in me["users"] if user["pid"] == os.getpid())
    assert file in user["descriptors"], user
    assert user["mapped"] == 65536 and user["user_id"] == os.geteuid(), user
    mapping = user["mappings"][0]
    assert (mapping["length"], mapping["offset"]) == (65536, 0), mapping
    assert (mapping["sharing"], mapping["protection"]) == ("shared", "read-write"), mapping
    assert str(os.getpid()) in run("list").stdout.decode()
    memory.close()
    os.close(file)
    assert row()["used"] is None and row()["no_user_seen"] is True


def test_odd():
    os.close(os.open(P, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0))
    found = json.loads(run("list", "--json").stdout)["regions"]
    row = next(row for row in found if row["name"] == N)
    assert (row["size"], row["allocated"], row["mode"]) == (0, 0, "0000"), row
