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
    assert ("nothing was removed; --yes removes these regions if they are proven unused, which "
            "frees 64 KiB\n") in text, text
    assert f"unattached System V segments, kept: 1; to remove them: shmtool remove --unused sysv:{number}\n" in text, text
    assert "unused semaphores, kept: 1; to remove them: shmtool remove --unused sem.idle\n" in text, text
    assert "open" not in text, text
    assert len(os.listdir("/dev/shm")) == 4
    told = json.loads(run("remove", "--stale", "--json").stdout)
    assert told["dry_run"] is True and number in told["segments"], told
    assert told["semaphores"] == ["sem.idle"], told
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
    assert b"no unused regions" in run("remove", "--stale").stdout


def test_segments():
    attached, _ = segment(3 * PAGE)
    idle, _ = segment(2 * PAGE, attach=False)
    refused = run("remove", "--unused", f"sysv:{attached}")
    assert refused.returncode == 75 and b"uses it" in refused.stderr, refused
    done = run("remove", f"sysv:{idle}", f"sysv:{attached}")
    assert done.returncode == 0, done
    assert done.stderr.decode() == (
        f"removed 'sysv:{idle}', 8 KiB\n"
        f"marked 'sysv:{attached}' for destruction when its last process detaches it\n"), done
    table = {line.split()[1] for line in open("/proc/sysvipc/shm")}
    assert str(idle) not in table and str(attached) in table, table
    listed = run("list", "--kind", "sysv").stdout.decode()
    assert f"sysv:{attached} (marked for destruction)" in listed and f"sysv:{idle}" not in listed, listed
    for gone in (idle, 0x7ffffff1):
        missing = run("remove", f"sysv:{gone}")
        assert missing.returncode == 66 and b"no such segment" in missing.stderr, missing
        assert run("rm", "-f", f"sysv:{gone}").returncode == 0
    # Another user's segment.
    number, _ = segment(PAGE, attach=False)
    if os.geteuid() == 0:
        other = run("remove", f"sysv:{number}", user=65534)
        assert other.returncode == 77 and b"belongs to uid 0" in other.stderr, other
    assert run("remove", "--unused", f"sysv:{number}").returncode == 0


def test_semaphores():
    libc = __import__("ctypes").CDLL(None, use_errno=True)
    libc.sem_open.restype = __import__("ctypes").c_void_p
    for name in (b"/waiting", b"/held"):
        assert libc.sem_open(name, os.O_CREAT | os.O_EXCL, 0o600, 0)
    memory = open("/dev/shm/sem.held", "r+b")
    # sem_open maps the file, so both are in use as long as this process exists; a copy is not.
    with open("/dev/shm/sem.copy", "wb") as file:
        file.write(open("/dev/shm/sem.held", "rb").read())
    text = run("remove", "--stale", "--yes").stderr.decode()
    assert "unused semaphores, kept: 1; to remove them: shmtool remove --unused sem.copy\n" in text, text
    assert "sem.held" not in text and "sem.waiting" not in text, text
    assert run("remove", "--unused", "sem.copy").returncode == 0
    assert run("remove", "--unused", "sem.held").returncode == 75
    memory.close()


def test_folders():
    for name in ("joblib_1/a/x.pkl", "joblib_1/b.pkl", "used/x", "mixed/stale", "mixed/held", ".shmtool-9/s"):
        path = f"/dev/shm/{name}"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.truncate(3 * PAGE)
    os.mkdir("/dev/shm/empty")
    # What leads elsewhere is not followed, and another file system is not entered.
    os.mkdir("/tmp/" + os.path.basename(T) + str(os.getpid()))
    elsewhere = "/tmp/" + os.path.basename(T) + str(os.getpid())
    try:
        open(elsewhere + "/precious", "wb").close()
        os.symlink(elsewhere, "/dev/shm/link")
        os.mkdir("/dev/shm/mount")
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/dev/shm/mount"], check=True)
        open("/dev/shm/mount/inner", "wb").close()
        with open("/dev/shm/used/x", "rb"), open("/dev/shm/mixed/held", "rb"):
            listed = {r["reference"]: r for r in json.loads(run("list", "--json").stdout)["regions"]}
            for name in ("joblib_1/a/x.pkl", "joblib_1/b.pkl", "used/x", "mixed/stale", "mixed/held"):
                row = listed[f"/dev/shm/{name}"]
                assert row["kind"] == "file" and row["size"] == 3 * PAGE, row
                assert run("inspect", row["reference"]).returncode == 0
            assert not any("link" in str(r) or "inner" in str(r) or ".shmtool-9" in str(r) for r in listed), listed
            shown = run("remove", "--stale").stdout.decode()
            for name in ("joblib_1/a/x.pkl", "joblib_1/b.pkl", "mixed/stale"):
                assert f"would remove '/dev/shm/{name}', 12 KiB, " in shown, shown
            assert "used" not in shown.replace("unused", "") and "held" not in shown, shown
            done = run("remove", "--stale", "--yes")
            assert done.returncode == 0, done
            text = done.stderr.decode()
            for folder in ("joblib_1/a", "joblib_1"):
                assert f"removed '/dev/shm/{folder}', an empty directory\n" in text, text
            assert sorted(os.listdir("/dev/shm")) == [".shmtool-9", "empty", "link", "mixed", "mount", "used"], text
            assert os.listdir("/dev/shm/mixed") == ["held"]
        assert os.listdir(elsewhere) == ["precious"] and os.path.exists("/dev/shm/mount/inner")
    finally:
        subprocess.run(["rm", "-r", elsewhere], check=True)


def test_age():
    for name in ("old", "young"):
        assert run("create", name, "4K", "-q").returncode == 0
    time.sleep(2.1)
    os.utime("/dev/shm/young", (0, time.time() + 3600))
    result = run("remove", "--stale", "--older-than", "2s", "--yes")
    assert result.returncode == 0 and os.listdir("/dev/shm") == ["young"], result
    result = run("remove", "--stale", "--older-than", "1h")
    assert result.stdout.startswith(b"no unused regions older than 1h\n"), result


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
    assert b"left by a killed sender" in run("remove", "--stale").stdout
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
    assert [r["region"] for r in told["regions"] if r["used"]] == ["held"], told
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
