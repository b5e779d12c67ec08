import json
import mmap
import os
import re
import signal
import subprocess
import sys
import time

from faults import C, private
from inventory import PAGE, segment
from support import run, start, T, until


private("-t", "tmpfs", "-o", "size=64M", "tmpfs", "/dev/shm")


def test_removes():
    for name in ("idle", "open", "mapped", "sem.idle"):
        assert run("create", name, "64K", "-q").returncode == 0
    held = open("/dev/shm/open", "r+b")
    with open("/dev/shm/mapped", "r+b") as file:
        memory = mmap.mmap(file.fileno(), 65536)
    number, _ = segment(PAGE, attach=False)
    shown = run("remove", "--stale")
    assert shown.returncode == 0 and not shown.stderr, shown
    text = shown.stdout.decode()
    assert re.search("would remove 'idle', 64 KiB, [0-9]+s old\n", text), text
    assert ("nothing was removed; --yes removes these regions after proving that they are unused, and "
            "frees 64 KiB\n") in text, text
    assert f"-m {number}" in text and "open" not in text and "sem." not in text, text
    assert len(os.listdir("/dev/shm")) == 4
    told = json.loads(run("remove", "--stale", "--json").stdout)
    assert told["dry_run"] is True and number in told["segments"], told
    assert [(r["region"], r["proved"], r["removed"]) for r in told["regions"]] == [
        ("idle", None, False)], told
    done = run("remove", "--stale", "--yes")
    assert done.returncode == 0 and not done.stdout, done
    assert done.stderr.decode().startswith("removed 'idle', 64 KiB, "), done
    assert sorted(os.listdir("/dev/shm")) == ["mapped", "open", "sem.idle"]
    assert C.shmctl(number, 0, None) == 0, "the segment is still there"
    held.close()
    memory.close()
    told = json.loads(run("remove", "--stale", "--yes", "--json").stdout)
    assert [(r["region"], r["removed"]) for r in told["regions"]] == [
        ("mapped", True), ("open", True)], told
    assert os.listdir("/dev/shm") == ["sem.idle"]
    assert b"no unused regions were found" in run("remove", "--stale").stdout


def test_age():
    for name in ("old", "young"):
        assert run("create", name, "4K", "-q").returncode == 0
    time.sleep(2.1)
    os.utime("/dev/shm/young", (0, time.time() + 3600))
    result = run("remove", "--stale", "--older-than", "2s", "--yes")
    assert result.returncode == 0 and os.listdir("/dev/shm") == ["young"], result
    result = run("remove", "--stale", "--older-than", "1h")
    assert result.stdout.startswith(b"no unused regions were found that are older than 1h\n"), result


def test_foreign_names():
    open(b"/dev/shm/a\x1b[2J\xff", "wb").close()
    result = run("remove", "--stale", "--yes")
    assert result.returncode == 0 and rb"removed $'a\x1b[2J\xff'," in result.stderr, result
    assert b"\x1b" not in result.stderr and not os.listdir("/dev/shm")


def test_streams():
    os.environ.pop("SHMTOOL_DIR", None)
    killed, waiting = start("send", "killed"), start("send", "waiting")
    place = f"/dev/shm/.shmtool-{os.geteuid()}/"
    until(lambda: os.path.exists(place + "killed") and os.path.exists(place + "waiting"))
    killed.kill()
    killed.wait()
    assert b"a stream of a killed sender" in run("remove", "--stale").stdout
    result = run("remove", "--stale", "--yes")
    assert result.returncode == 0 and os.listdir(place) == ["waiting"], result


def test_foreign_streams():
    os.environ.pop("SHMTOOL_DIR", None)
    drop = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", T]
    os.chmod("/dev/shm", 0o1777)
    if subprocess.run([*drop, "--version"]).returncode != 0:
        sys.exit(0)
    sender = subprocess.Popen([*drop, "send", "theirs", "/dev/null"])
    path = "/dev/shm/.shmtool-65534/theirs"
    until(lambda: os.path.exists(path))
    for ending in (lambda: None, lambda: (sender.kill(), sender.wait())):
        ending()
        result = run("remove", "theirs")
        assert result.returncode == 77 and b"it belongs to nobody" in result.stderr, result
    for words in (["--stale"], ["--stale", "--yes"]):
        result = run("remove", *words)
        assert b"kept: 'stream:theirs', a stream of a killed sender of another user" in result.stdout + result.stderr, result
        told = json.loads(run("remove", *words, "--json").stdout)
        assert told["streams_of_others"] == [{"owner": "nobody", "region": "stream:theirs"}], told
    assert os.path.exists(path)
    assert subprocess.run([*drop, "remove", "-q", "theirs"]).returncode == 0
    assert not os.path.exists(path)


def test_ordinary_user():
    def nobody(*words):
        return subprocess.run(
            ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", T, *words],
            capture_output=True, timeout=60)
    os.chmod("/dev/shm", 0o1777)
    if nobody("--version").returncode != 0:
        sys.exit(0)
    assert run("create", "roots", "4K", "-q", "--mode", "666").returncode == 0
    for name in ("own", "held"):
        assert nobody("create", name, "4K", "-q").returncode == 0
    # It is proved when it is removed, and not before: to look takes no lease.
    held = open("/dev/shm/held", "rb")
    shown = nobody("remove", "--stale")
    assert shown.returncode == 0 and b"would remove 'own'" in shown.stdout, shown
    assert b"unknown and kept: 'roots': processes that could not be inspected" in shown.stdout
    told = json.loads(nobody("remove", "--stale", "--json", "--yes").stdout)
    assert [(r["region"], r["proved"], r["removed"]) for r in told["regions"]] == [
        ("held", False, False), ("own", True, True), ("roots", False, False)], told
    assert [r["region"] for r in told["regions"] if r["in_use"]] == ["held"], told
    assert sorted(os.listdir("/dev/shm")) == ["held", "roots"]


def test_container():
    os.chmod("/dev/shm", 0o1777)
    assert run("create", "roots", "4K", "-q", "--mode", "666").returncode == 0
    # In a user namespace root may not take a lease on another user's file.
    words = ["unshare", "-U", "-p", "--fork", "--mount-proc", "-m", "-r"]
    os.chown("/dev/shm/roots", 65534, 65534)
    result = subprocess.run([*words, T, "remove", "--stale", "--yes"], capture_output=True)
    assert result.returncode == 0 and b"unknown and kept: 'roots'" in result.stderr, result
    assert os.path.exists("/dev/shm/roots")


def test_race():
    # Users come all the time: each opens one of few names, or makes it, and has it for a moment. A
    # name that is there when it has been opened must be there until it is let go.
    def use(seed):
        import random
        choose = random.Random(seed)
        lost = times = 0
        while os.getppid() == parent:
            path = f"/dev/shm/r{choose.randrange(4)}"
            try:
                file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            except FileExistsError:
                continue
            times += 1
            if os.fstat(file).st_nlink:
                os.ftruncate(file, PAGE)
                memory = mmap.mmap(file, PAGE)
                os.close(file)
                time.sleep(choose.random() * 0.004)
                same = os.path.exists(path)
                if not same:
                    os.write(2, f"{path} was lost\n".encode())
                    os._exit(1)
                memory.close()
            else:
                os.close(file)
            time.sleep(choose.random() * 0.01)
    parent = os.getpid()
    children = []
    for seed in range(3):
        child = os.fork()
        if child == 0:
            use(seed)
            os._exit(0)
        children.append(child)
    removed = 0
    try:
        end = time.monotonic() + 5
        while time.monotonic() < end:
            told = run("remove", "--stale", "--yes", "--json")
            assert told.returncode == 0, told
            removed += sum(r["removed"] for r in json.loads(told.stdout)["regions"])
            for child in children:
                assert os.waitpid(child, os.WNOHANG) == (0, 0), "a user lost its region's name"
    finally:
        for child in children:
            try:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
            except (ProcessLookupError, ChildProcessError):
                pass
    assert removed > 0, "nothing was ever stale"
