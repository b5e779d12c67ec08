import json
import os
import socket
import stat
import tempfile

from faults import private
from inventory import rows
from support import run, start, until


os.environ.pop("SHMTOOL_DIR", None)
private("-t", "tmpfs", "-o", "size=64M,mode=1777", "tmpfs", "/dev/shm")


def test_planted():
    def listen(path, kind=socket.SOCK_SEQPACKET):
        server = socket.socket(socket.AF_UNIX, kind)
        server.bind(path)
        server.listen()
        server.setblocking(False)
        return server
    def dead(path):
        server = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        server.bind(path)
        server.close()
    S = "/dev/shm/.shmtool-"
    target = tempfile.mkdtemp()
    servers = [listen(target + "/victim")]
    dead(target + "/dead")
    # Links for a name and for a number, with the rights of a good directory.
    os.symlink(target, S + "link")
    os.symlink(target, S + "1000")
    # No number, another user's directory, a directory open to others, and a file that is not a directory.
    for name, owner, mode in (("name", 0, 0o700), ("007", 0, 0o700), ("1001", 0, 0o700), ("1002", 1002, 0o777),
                              ("1003", 1003, 0o750), ("4294967296", 0, 0o700)):
        os.mkdir(S + name)
        servers.append(listen(f"{S}{name}/live"))
        dead(f"{S}{name}/dead")
        os.chmod(S + name, mode)
        os.chown(S + name, owner, owner)
    os.mkfifo(S + "1004")
    os.mknod(S + "1005", 0o600 | stat.S_IFCHR, os.makedev(1, 3))
    open(S + "1006", "wb").close()
    servers.append(listen(S + "1007"))
    os.mkdir(S + "1008", 0)
    os.mkdir(os.fsencode(S) + b"\xff\xfe", 0o700)
    # This user's own: one good stream among a link, a file, a FIFO and another program's socket.
    sender = start("send", "good", "/dev/null")
    until(lambda: os.path.exists(S + "0/good"))
    os.symlink(target + "/victim", S + "0/link")
    os.symlink(target + "/dead", S + "0/deadlink")
    open(S + "0/file", "wb").close()
    os.mkfifo(S + "0/fifo")
    os.mkdir(S + "0/directory")
    dead(os.fsencode(S) + b"0/\xff")
    for number in range(300):
        dead(f"{S}0/left{number}")
    found = rows("--kind", "stream")
    names = [r["name"] for r in found]
    assert sorted(names) == sorted(["good", "bytes:%FF"] + [f"left{n}" for n in range(300)]), names
    assert [r["used"] for r in found if r["name"] == "good"] == [True]
    # A stream's reference never means a region.
    assert [r["reference"] for r in found if r["name"] in ("good", "left7")] == ["stream:good", "stream:left7"]
    before = sorted(os.listdir(target))
    for words in (["--stale"], ["--stale", "--yes"]):
        result = run("remove", *words)
        assert result.returncode == 0, result
    assert sorted(os.listdir(S + "0")) == ["deadlink", "directory", "fifo", "file", "good", "link"]
    assert sorted(os.listdir(target)) == before
    for name in ("name", "007", "1001", "1002", "1003", "4294967296"):
        assert sorted(os.listdir(S + name)) == ["dead", "live"], name
    for server in servers:
        try:
            server.accept()
            raise AssertionError(f"somebody has connected to {server.getsockname()}")
        except BlockingIOError:
            pass
    assert sender.poll() is None


def test_directories():
    S = "/dev/shm/.shmtool-"
    for name, mode in (("0", 0), ("0", 0o700), ("0", 0o400), ("4294967295", 0o700)):
        os.mkdir(S + name)
        os.chmod(S + name, mode)
        shown = run("remove", "--stale")
        assert f"would remove '{S}{name}'".encode() in shown.stdout and os.path.exists(S + name), shown
        told = json.loads(run("remove", "--stale", "--yes", "--json").stdout)
        assert told["directories"] == [{"kind": "streams", "path": S + name, "removed": True}], told
        assert not os.path.exists(S + name)
    os.mkdir(S + "65534", 0o700)
    os.chown(S + "65534", 65534, 65534)
    assert run("remove", "--stale", "--yes").returncode == 0 and os.path.exists(S + "65534")
    sender = start("send", "used", "/dev/null")
    until(lambda: os.path.exists(S + "0/used"))
    assert json.loads(run("remove", "--stale", "--json").stdout)["directories"] == []


def test_shared():
    place = "/dev/shm/.shmtool-0"
    for make in (lambda: os.mkdir(place), lambda: os.symlink("/tmp", place), lambda: os.mkfifo(place)):
        make()
        if not os.path.islink(place):
            os.chmod(place, 0o777)
        for words in (["send", "x", "/dev/null"], ["recv", "x"]):
            result = run(*words, "--timeout", "5s")
            assert result.returncode == 77 and b"remove" not in result.stderr, result
        (os.rmdir if os.path.isdir(place) and not os.path.islink(place) else os.unlink)(place)
