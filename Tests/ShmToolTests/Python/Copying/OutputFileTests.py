import atexit
import fcntl
import os
import subprocess
import tempfile

from faults import traced
from support import N, P, run, start, T


# D is a directory of this test, on a file system that is not memory if there is one. F is a file in D.
D = tempfile.mkdtemp(prefix=N, dir="/var/tmp")
atexit.register(lambda: subprocess.run(["rm", "-rf", D]))
F = D + "/file"


def test_access():
    def setup(*lists, mode=0o640, attributes=()):
        if os.path.exists(F):
            os.unlink(F)
        open(F, "wb").write(b"old")
        os.chmod(F, mode)
        for entry in lists:
            subprocess.run(["setfacl", "-m", entry, F], check=True)
        for key, value in attributes:
            os.setxattr(F, key, value)
    def look():
        lists = subprocess.run(["getfacl", "-cnE", F], check=True, capture_output=True).stdout
        found = os.stat(F)
        return lists, found.st_mode, found.st_uid, found.st_gid, {
            key: os.getxattr(F, key) for key in os.listxattr(F)}
    cases = [
        dict(lists=["u:1:rw,g::---,m::rw"]), dict(lists=["g:7:r,o::-"], mode=0o604),
        dict(mode=0o600), dict(mode=0o604), dict(mode=0o4711),
        dict(attributes=[("user.origin", b"x" * 300), ("user.empty", b"")]),
        dict(lists=["u:2:r"], attributes=[("user.both", b"\0\xff")])]
    for case in cases:
        setup(*case.pop("lists", ()), **case)
        before = look()
        result = run("read", N, "--output", F)
        assert result.returncode == 0 and os.path.getsize(F) == 8192, result
        after = look()
        # A program that writes a file loses its set-user-ID bit.
        assert after[0] == before[0] and after[2:] == before[2:], (case, before, after)
        assert after[1] == before[1] & ~0o7000, (case, before, after)
    # The default access list of a directory applies to new files only.
    subprocess.run(["setfacl", "-d", "-m", "u:9:rwx", D], check=True)
    setup(mode=0o640)
    subprocess.run(["setfacl", "-b", F], check=True)
    os.chmod(F, 0o640)
    before = look()
    assert run("read", N, "--output", F).returncode == 0 and look() == before, look()
    if os.geteuid() == 0:
        subprocess.run(["setfacl", "-k", D], check=True)
        setup(attributes=[("user.kept", b"1")])
        result = traced("fsetxattr:error=ENOSPC", "read", N, "--output", F)
        assert result.returncode != 0 and b"user.kept" in result.stderr, result
        assert open(F, "rb").read() == b"old"


def test_foreign_group():
    os.chmod(D, 0o777)
    for mode, wanted in ((0o606, 0o600), (0o666, 0o606), (0o646, 0o604)):
        open(F, "wb").write(b"old")
        os.chown(F, 0, 60)
        os.chmod(F, mode)
        command = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", T]
        result = subprocess.run([*command, "read", N, "--output", F], capture_output=True)
        assert result.returncode == 0, result
        found = os.stat(F)
        assert found.st_mode & 0o777 == wanted and found.st_gid == 65534, (oct(mode), found)
        os.unlink(F)


def test_sticky():
    def fails(path, target):
        before = open(target, "rb").read() if os.path.exists(target) else None
        for words in (["read", N, "--output", path], ["copy", N, "file:" + path],
                      ["recv", N, "--output", path, "--timeout", "100ms"]):
            result = run(*words)
            assert result.returncode == 77 and b"sticky" in result.stderr, (words, result)
        after = open(target, "rb").read() if os.path.exists(target) else None
        assert before == after
    S, victim = D + "/sticky", D + "/victim"
    for mode in (0o1777, 0o1770):
        os.mkdir(S)
        os.chmod(S, mode)
        os.chown(S, 0, 60)
        open(victim, "wb").write(b"precious")
        # A file, a link to a file, a link to nothing, a link to a directory in mid-path, a chain.
        open(S + "/file", "wb").write(b"planted")
        os.symlink(victim, S + "/link")
        os.symlink(D + "/absent", S + "/dangling")
        os.symlink(D, S + "/way")
        os.symlink(S + "/link", D + "/chain")
        for planted in ("file", "link", "dangling", "way"):
            os.lchown(f"{S}/{planted}", 1, 1)
        fails(S + "/file", S + "/file")
        for path in (S + "/link", S + "/dangling", S + "/way/victim", D + "/chain"):
            fails(path, victim)
        assert not os.path.exists(D + "/absent")
        # What belongs to this user, or lies in a directory of one's own, is followed.
        for planted in ("link", "way"):
            os.lchown(f"{S}/{planted}", 0, 0)
        for path in (S + "/link", S + "/way/victim", D + "/chain"):
            open(victim, "wb").write(b"precious")
            assert run("read", N, "--output", path).returncode == 0
            assert os.path.getsize(victim) == 8192, path
        subprocess.run(["rm", "-rf", S, D + "/chain"], check=True)
    # Without the sticky bit every user may follow the link.
    os.chmod(D, 0o777)
    os.symlink(victim, D + "/link")
    os.lchown(D + "/link", 1, 1)
    assert run("read", N, "--output", D + "/link").returncode == 0


def test_descriptors():
    data = os.urandom(8192)
    open(P, "r+b").write(data)
    for command in ('read "$N" -o', 'copy "$N"'):
        prefix = "file:" if "copy" in command else ""
        def shell(text, code=0):
            result = subprocess.run(["bash", "-c", text], capture_output=True, timeout=60,
                                    env={**os.environ, "N": N, "F": F})
            assert result.returncode == code, (text, result)
            return result.stdout
        use = f'"$SHMTOOL" {command} {prefix}'
        # Between what the shell writes to it before and after; appended; a pipe; stdout.
        shell(f'exec 7>"$F"; echo a >&7; {use}/dev/fd/7; echo b >&7')
        assert open(F, "rb").read() == b"a\n" + data + b"b\n"
        open(F, "wb").write(b"log")
        shell(f'exec 12>>"$F"; {use}/proc/self/fd/12')
        assert open(F, "rb").read() == b"log" + data
        assert shell(f"{use}/dev/stdout | cat") == data
        assert shell(f"{use}>(cat) | cat") == data
        shell(f'{use}/dev/fd/19', 74 if "read" in command else 66)
    assert shell('"$SHMTOOL" read "$N" --output -') == data and not os.path.exists("-")
    shell('"$SHMTOOL" read "$N" -o /dev/fd/5 5<"$F"', 74)
    receiver = start("recv", N, "--output", "-")
    sender = start("send", N, P)
    assert receiver.communicate(timeout=30)[0] == data and sender.wait(30) == 0


def test_leftovers():
    dead = [".file.shmtool-0123456789abcdef", ".file.shmtool-ffffffffffffffff"]
    kept = [".file.shmtool-0123456789abcde", ".file.shmtool-0123456789abcdeg", ".file.other",
            ".fil.shmtool-0123456789abcdef", "file.shmtool-0123456789abcdef",
            ".file.shmtool-aaaaaaaaaaaaaaaa", ".file.shmtool-bbbbbbbbbbbbbbbb",
            ".file.shmtool-cccccccccccccccc", ".file.shmtool-dddddddddddddddd"]
    if os.geteuid() == 0:
        # Root gives a new file to the old file's owner before it has the old one's name.
        dead.append(".file.shmtool-1111111111111111")
        kept.append(".file.shmtool-2222222222222222")
    for each in ["file", *dead, *kept[:6], *kept[9:]]:
        open(f"{D}/{each}", "wb").write(b"x")
    if os.geteuid() == 0:
        for each, owner in ((F, 1), (f"{D}/{dead[-1]}", 1), (f"{D}/{kept[-1]}", 2)):
            os.chown(each, owner, owner)
    lock = os.open(f"{D}/{kept[5]}", os.O_RDWR)
    fcntl.flock(lock, fcntl.LOCK_EX)
    os.link(f"{D}/{kept[4]}", f"{D}/{kept[6]}")
    os.symlink(kept[4], f"{D}/{kept[7]}")
    os.mkfifo(f"{D}/{kept[8]}")
    assert run("read", N, "--output", F).returncode == 0
    assert sorted(os.listdir(D)) == sorted(["file", *kept]), os.listdir(D)
    os.close(lock)


def test_killed():
    import itertools
    for tmpfile in (True, False):
        # Without O_TMPFILE the file has a name from the beginning.
        refusal = [] if tmpfile else ["linkat:error=EPERM"]
        left = set()
        calls = ("linkat", "renameat", "fchmod", "close", "flock", "write")
        for call, number, owner in itertools.product(calls, range(1, 4), (0, 1)):
            if (tmpfile or call != "linkat") and (call == "renameat" or owner == number % 2):
                open(F, "wb").write(b"old")
                os.chown(F, owner, owner)
                traced([*refusal, f"{call}:signal=KILL:when={number}"], "read", N, "--output", F)
                assert os.path.getsize(F) in (3, 8192), (call, number)
                left |= {os.stat(f"{D}/{each}").st_uid for each in os.listdir(D) if each != "file"}
                assert run("read", N, "--output", F).returncode == 0
                assert os.listdir(D) == ["file"], (call, number, os.listdir(D))
        assert left == {0, 1}, f"{left}: no leftover was made, so nothing was tested"
