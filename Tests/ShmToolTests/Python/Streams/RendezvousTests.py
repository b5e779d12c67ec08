import atexit
import json
import os
import shutil
import socket
import subprocess
import sys
import time

from streams import F, feed
from support import N, run, start, started, T, until


def test_renewed():
    place = os.environ["SHMTOOL_DIR"] = F + ".d"
    atexit.register(lambda: shutil.rmtree(place, ignore_errors=True))
    path = f"{place}/{N}"
    def listens():
        rows = json.loads(run("list", "--kind", "stream", "--json").stdout)["regions"]
        return [row["used"] for row in rows if row["name"] == N] == [True]
    def moved():
        os.rename(place, place + ".old")
        shutil.rmtree(place + ".old")
    def replaced():
        other = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        os.rename(path, path + ".old")
        other.bind(path)
        other.close()
    for spoil in (lambda: os.unlink(path), lambda: os.rename(path, path + ".old"), moved, replaced,
                  lambda: shutil.rmtree(place)):
        sender = start("send", N, stdin=feed(b"again"))
        # It knows its own socket before it listens, and receivers connect only then.
        until(listens)
        before = os.lstat(path).st_ino
        spoil()
        until(lambda: os.path.exists(path) and os.lstat(path).st_ino != before and listens())
        assert os.stat(place).st_mode & 0o777 == 0o700
        result = run("recv", N, "--timeout", "20s")
        assert result.stdout == b"again", (spoil, result)
        assert sender.wait(20) == 0 and not os.path.exists(path)
    # Who is connected already stays.
    sender = start("send", N, "--receivers", "2", stdin=feed(b"both"))
    until(listens)
    first = start("recv", N)
    time.sleep(0.3)
    os.unlink(path)
    until(listens)
    assert run("recv", N, "--timeout", "20s").stdout == b"both"
    assert (first.communicate(timeout=20)[0], sender.wait(20)) == (b"both", 0)


def test_taken():
    place = os.environ["SHMTOOL_DIR"] = F + ".d"
    def gone():
        shutil.rmtree(place, ignore_errors=True)
        if os.path.lexists(place):
            os.unlink(place)
    atexit.register(gone)
    path = f"{place}/{N}"
    def file():
        os.unlink(path)
        open(path, "wb").close()
    def directory():
        os.unlink(path)
        os.mkdir(path)
    def link():
        shutil.rmtree(place)
        os.symlink("/tmp", place)
    def plain():
        shutil.rmtree(place)
        open(place, "wb").close()
    for spoil, code, words in ((file, 73, b"not a socket"), (directory, 73, b"not a socket"),
                               (link, 77, b"not a separate directory"), (plain, 77, b"not a separate directory")):
        sender = start("send", N, "/dev/null")
        until(lambda: os.path.exists(path))
        spoil()
        assert sender.wait(20) == code and words in sender.stderr.read(), sender.returncode
        gone()


def test_taken_while_binding():
    place = os.environ["SHMTOOL_DIR"] = F + ".d"
    atexit.register(lambda: shutil.rmtree(place, ignore_errors=True))
    path = f"{place}/{N}"
    late = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=bind", "-e", "inject=bind:delay_exit=500000"]
    for make in (lambda: open(path, "wb").close(), lambda: os.mkdir(path), lambda: os.mkfifo(path), None):
        sender = subprocess.Popen([*late, T, "send", N, "/dev/null", "--timeout", "20s"],
                                  stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
        started.append(sender)
        until(lambda: os.path.exists(path))
        os.unlink(path)
        if make:
            make()
            assert sender.wait(30) == 73 and b"not a socket" in sender.stderr.read(), sender.returncode
            # It is not the sender's to remove.
            assert os.path.lexists(path)
            shutil.rmtree(place)
        else:
            assert run("recv", N, "--timeout", "20s").returncode == 0 and sender.wait(30) == 0


def test_killed(umask):
    mask = int(umask, 8)
    base = "/tmp/" + N
    os.mkdir(base)
    os.chown(base, 65534, 65534)
    atexit.register(lambda: shutil.rmtree(base, ignore_errors=True))
    place = base + "/d"
    nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
    if subprocess.run([*nobody, T, "--version"], capture_output=True).returncode != 0:
        sys.exit(0)
    ends = {**os.environ, "SHMTOOL_DIR": place}
    def as_nobody(*words, before=(), **more):
        return subprocess.Popen([*before, *nobody, T, *words], env=ends, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, preexec_fn=lambda: os.umask(mask), **more)
    injected = 0
    for call in ("vfork", "umask", "mkdirat", "fchdir", "bind", "listen", "flock", "fchmod", "socket",
                 "newfstatat", "unlinkat", "openat", "getdents64"):
        for number in ([1, 2] if call not in ("openat", "newfstatat") else [20, 30, 36, 38, 40, 42, 44, 46, 50]):
            log = base + "/log"
            victim = as_nobody("send", N, "/dev/null", "--timeout", "100ms", before=[
                "strace", "-f", "-qq", "-o", "/dev/null", "-e", f"inject={call}:signal=KILL:when={number}"])
            victim.communicate(timeout=30)
            injected += victim.returncode == -9
            sender = as_nobody("send", N, "/dev/null")
            receiver = as_nobody("recv", N, "--timeout", "20s")
            assert receiver.wait(30) == 0 and sender.wait(30) == 0, (
                call, number, receiver.stderr.read(), sender.stderr.read())
            assert os.stat(place).st_mode & 0o777 == 0o700
            shutil.rmtree(place)
    assert injected > 5, injected
    # What an earlier version left.
    os.mkdir(place, 0)
    os.chown(place, 65534, 65534)
    os.chmod(place, 0)
    sender = as_nobody("send", N, "/dev/null")
    receiver = as_nobody("recv", N, "--timeout", "20s")
    assert receiver.wait(30) == 0 and sender.wait(30) == 0, receiver.stderr.read()


# A sender that is stopped between bind(2) and listen(2), for longer than others wait for its lock.
def test_replaced_meanwhile():
    place = os.environ["SHMTOOL_DIR"] = F + ".d"
    atexit.register(lambda: shutil.rmtree(place, ignore_errors=True))
    slow = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=bind", "-e",
            "inject=bind:delay_exit=5000000:when=1"]
    for is_kept in (False, True):
        first = subprocess.Popen([*slow, T, "send", N, "--timeout", "20s"], stdin=feed(b"first"), stderr=subprocess.PIPE)
        until(lambda: os.path.exists(f"{place}/{N}"))
        second = start("send", N, *(["--receivers", "2"] if is_kept else []), stdin=feed(b"second"))
        # The second one replaces the name, which nobody listens on. The first one notices that.
        assert first.wait(20) == 75 and b"another sender uses the stream" in first.stderr.read()
        assert second.poll() is None and os.path.exists(f"{place}/{N}"), second.stderr.read()
        # The end of the first one does not take the name of the second one away.
        third = run("send", N, "/dev/null", "--timeout", "1s")
        assert third.returncode == 75, third
        receivers = [start("recv", N, "--timeout", "10s") for _ in range(2 if is_kept else 1)]
        assert [receiver.wait(20) for receiver in receivers] + [second.wait(20)] == [0] * (len(receivers) + 1)
        assert {receiver.stdout.read() for receiver in receivers} == {b"second"}
        assert not os.path.exists(f"{place}/{N}")


def test_failed(call):
    place = os.environ["SHMTOOL_DIR"] = F + ".d"
    for error, code in (("EACCES", 77), ("ENOMEM", 79), ("EMFILE", 71), ("ENOSYS", 71)):
        result = subprocess.run(
            ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"inject={call}:error={error}", T, "send", N,
             "/dev/null", "--timeout", "100ms"], capture_output=True, timeout=60)
        # A file system without locks has no other processes to consider.
        assert result.returncode == (124 if call == "flock" else code), (call, error, result)
        if call != "flock":
            assert result.stderr.count(b"\n") == 1 and b"died" not in result.stderr, result
            assert not os.path.exists(place), (call, error)
        else:
            os.rmdir(place)


def test_no_user(injection):
    os.environ.pop("SHMTOOL_DIR", None)
    refused = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "inject=geteuid:" + injection, T]
    sender = subprocess.Popen([*refused, "send", N], stdin=feed(b"x"))
    result = subprocess.run([*refused, "recv", N, "--timeout", "20s"], capture_output=True)
    assert (result.stdout, result.returncode, sender.wait(20)) == (b"x", 0, 0), result
    assert not [name for name in os.listdir("/dev/shm") if name.startswith(".shmtool-42949")]


def test_names():
    place = os.environ["SHMTOOL_DIR"] = F + ".d"
    os.mkdir(place, 0o700)
    atexit.register(lambda: subprocess.run(["rm", "-rf", place]))
    room = 107 - len(place) - 1
    names = ["file:x", "pid:1:3", "sysv:5", ".x", "a b", "a\nb", "a\\b", "'", "$(id)", "\u00e9" * (room // 2),
             "x" * room, "\x1b[2J", "\u202e", "*", "~"]
    for name in names:
        sender = start("send", "/" + name, "-q", stdin=feed(b"x"))
        result = run("recv", "-q", "/" + name, "--timeout", "20s")
        assert (result.stdout, result.returncode, sender.wait(20)) == (b"x", 0, 0), (name, result)
        sender = start("send", "/" + name, "/dev/null")
        until(lambda: os.path.exists(f"{place}/{name}"))
        sender.kill()
        sender.wait()
        rows = json.loads(run("list", "--kind", "stream", "--json").stdout)["regions"]
        assert [row["used"] for row in rows if row["name"] == name] == [False], (name, rows)
        assert run("remove", "/" + name).returncode == 0, name
        assert not os.path.exists(f"{place}/{name}"), name
    assert run("send", "x" * (room + 1), "/dev/null").returncode == 64
    # Names that are not UTF-8: as they are, and in the encoded form that is printed.
    odd = {b"\xff\xfe": "bytes:%FF%FE", b"a\x80": "bytes:a%80", b"\xed\xa0\x80": "bytes:%ED%A0%80"}
    for name, text in odd.items():
        for sends, receives in ((name, text), (text, name), (b"stream:" + name, "bytes:stream:" + text[6:])):
            sender = start("send", sends, "-q", stdin=feed(b"y"))
            result = run("recv", "-q", receives, "--timeout", "20s")
            assert (result.stdout, result.returncode, sender.wait(20)) == (b"y", 0, 0), (name, result)
        sender = start("send", name, "/dev/null")
        until(lambda: os.path.exists(os.fsencode(place) + b"/" + name))
        rows = json.loads(run("list", "--kind", "stream", "--json").stdout)["regions"]
        assert [row["used"] for row in rows if row["name"] == text] == [True], (name, rows)
        assert run("remove", text).returncode == 75, name
        sender.kill()
        sender.wait()
    shown = json.loads(run("remove", "--stale", "--json").stdout)["regions"]
    assert len([row for row in shown if row["kind"] == "stream"]) >= len(odd), shown
    assert os.listdir(os.fsencode(place)) != []
    first = next(iter(odd))
    assert run("remove", odd[first]).returncode == 0 and not os.path.exists(os.fsencode(place) + b"/" + first)
