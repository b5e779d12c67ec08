import json
import mmap
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time

from support import N, P, run, start, started, stop, T


def test_changes():
    def waits(change, *words):
        process = start("wait", N, "--timeout", "30s", *words)
        time.sleep(0.1)
        assert process.poll() is None, process.communicate()
        begin = time.monotonic()
        change()
        out, err = process.communicate(timeout=30)
        assert (process.returncode, out, err) == (0, b"", b""), (process.returncode, err)
        assert time.monotonic() - begin < 20, "the timeout woke it"
    def write(offset, data):
        with open(P, "r+b") as file:
            file.seek(offset)
            file.write(data)
    waits(lambda: run("create", N, "64K"))
    waits(lambda: os.truncate(P, 65537), "--size", "65537")
    waits(lambda: write(4094, b"ready"), "--equals", "ready", "--at", "4094")
    waits(lambda: os.unlink(P), "--removed")


def test_renamed():
    process = start("wait", N, "--timeout", "30s")
    time.sleep(0.1)
    open(P + "-new", "wb").close()
    assert process.poll() is None
    os.rename(P + "-new", P)
    assert process.wait(30) == 0, process.communicate()


def test_signal(number):
    process = start("wait", N)
    time.sleep(0.1)
    code, out, err = stop(process, int(number))
    assert (code, out, err) == (-int(number), "", ""), (code, out, err)


def waiting(*words, **options):
    """A wait that has not ended after a moment."""
    process = start("wait", *words, "--timeout", "30s", **options)
    time.sleep(0.15)
    assert process.poll() is None, process.communicate()
    return process


def ends(process, code=0, message=b""):
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (code, message), (process.returncode, out, err)
    return out


def immediate(*words, **options):
    return run("wait", *words, "--timeout", "0", **options)


def user(file=P, mode="open"):
    """A process that has the file open or mapped, and ends when its input ends."""
    code = """
import mmap, os, sys
file = os.open(sys.argv[1], os.O_RDWR)
if sys.argv[2] == "map":
    import ctypes
    C = ctypes.CDLL(None)
    C.mmap.restype = ctypes.c_void_p
    C.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
    address = C.mmap(None, 4096, 1, 1, file, 0)
    os.close(file)
print("ready", flush=True)
line = sys.stdin.readline()
if line == "release\\n":
    C.munmap(ctypes.c_void_p(address), 4096) if sys.argv[2] == "map" else os.close(file)
    sys.stdin.readline()
"""
    process = subprocess.Popen(
        [sys.executable, "-c", code, file, mode], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    started.append(process)
    assert process.stdout.readline() == b"ready\n"
    return process


def release(process):
    process.stdin.write(b"release\n")
    process.stdin.flush()


def finish(process):
    process.stdin.close()
    process.wait(30)
    process.stdout.close()


def create(size, path=P):
    with open(path, "wb") as file:
        file.truncate(size)


def test_growth():
    # A region that does not exist has no bytes.
    process = waiting(N, "--size", "+5000")
    create(4999)
    time.sleep(0.1)
    assert process.poll() is None
    os.truncate(P, 5000)
    ends(process)
    changes = [lambda: os.truncate(P, 5001), lambda: open(P, "ab").write(b"x" * 7)]
    def allocate():
        with open(P, "r+b") as file:
            os.posix_fallocate(file.fileno(), 0, 9000)
    for change in (*changes, allocate):
        size = os.stat(P).st_size
        process = waiting(N, "--size", "+1", "--json")
        change()
        report = json.loads(ends(process))
        assert report["wanted"] == {"growth": 1} and report["met"] is True, report
        now = os.stat(P).st_size
        assert report["found"] == {"exists": True, "size": now, "growth": now - size}, report
    # Less is not enough, and neither is a smaller region that grows back.
    process = waiting(N, "--size", "+4K")
    os.truncate(P, 9000 + 4095)
    os.truncate(P, 100)
    os.truncate(P, 4196)
    time.sleep(0.1)
    assert process.poll() is None
    os.truncate(P, 9000 + 4096)
    ends(process)
    result = immediate(N, "--size", "+1K")
    assert (result.returncode, result.stderr.decode()) == (124, (
        f"shmtool: cannot wait for '{N}': timed out after 0 s (waiting for growth by 1 KiB; it has "
        "grown by 0 B)\n")), result
    assert immediate(N, "--size", "+0").returncode == 0


def test_log():
    """A reader of a log misses no record, however the writer and the reader take turns."""
    create(0)
    writer = subprocess.Popen([sys.executable, "-c", """
import sys, time
for number in range(200):
    with open(sys.argv[1], "ab") as file:
        file.write(b"%07d\\n" % number)
    time.sleep(0.001)
""", P])
    started.append(writer)
    size, records = 0, []
    while size < 1600:
        report = json.loads(ends(start(
            "wait", N, "--size", str(size + 1), "--json", "--timeout", "30s")))
        now = report["found"]["size"]
        with open(P, "rb") as file:
            file.seek(size)
            records += file.read(now - size).split()
        size = now
    assert records == [b"%07d" % number for number in range(200)]
    assert writer.wait(30) == 0


def test_used():
    # The wait begins before the region exists.
    # It appears complete, because this process would be a user while it writes the file.
    process = waiting(N, "--used")
    create(8192, P + "-new")
    os.rename(P + "-new", P)
    time.sleep(0.1)
    assert process.poll() is None
    first = user()
    ends(process)
    # Already in use: by an open file, and by a mapping alone.
    second = user(mode="map")
    for words in (["--used"], ["--users", "1"], ["--users", "2"]):
        assert immediate(N, *words).returncode == 0, words
    report = json.loads(immediate(N, "--users", "2", "--json").stdout)
    assert report["wanted"] == {"users": 2}, report
    assert sorted(report["found"]["users"]) == sorted([first.pid, second.pid]), report
    assert report["found"]["used"] is True
    process = waiting(N, "--users", "3")
    third = user()
    ends(process)
    finish(third)
    result = immediate(N, "--users", "3")
    assert result.returncode == 124 and b"waiting for 3 processes that use it; " in result.stderr
    assert str(second.pid).encode() in result.stderr, result
    # A process that inherits the file is a user without having opened it.
    process = waiting(N, "--users", "3")
    with open(P, "rb") as file:
        child = subprocess.Popen(["sleep", "60"], pass_fds=[file.fileno()])
        started.append(child)
    ends(process)
    child.kill()
    child.wait()
    finish(first)
    finish(second)
    result = immediate(N, "--used")
    assert (result.returncode, result.stderr.decode()) == (124, (
        f"shmtool: cannot wait for '{N}': timed out after 0 s (waiting for a process that uses it; no "
        "visible process uses it)\n")), result


def test_unused():
    create(8192)
    assert immediate(N, "--unused").returncode == 0
    ways = [("open", release), ("map", release), ("open", finish), ("map", finish),
            ("map", lambda process: process.kill())]
    for mode, way in ways:
        holder = user(mode=mode)
        result = immediate(N, "--unused")
        assert result.returncode == 124, result
        assert f"process {holder.pid} (python3" in result.stderr.decode(), result
        process = waiting(N, "--unused", "--json")
        begin = time.monotonic()
        way(holder)
        report = json.loads(ends(process))
        assert time.monotonic() - begin < 10
        assert report["wanted"] == {"used": False}, report
        assert report["found"] == {"exists": True, "size": 8192, "used": False, "users": []}, report
        holder.kill()
        holder.wait()
    # The last of several, in any order, and a child that inherited the file.
    holders = [user(mode=mode) for mode in ("open", "map", "open")]
    process = waiting(N, "--unused")
    for holder in holders[1:]:
        finish(holder)
    time.sleep(0.2)
    assert process.poll() is None
    finish(holders[0])
    ends(process)
    with open(P, "rb") as file:
        child = subprocess.Popen(["sleep", "60"], pass_fds=[file.fileno()])
        started.append(child)
    process = waiting(N, "--unused")
    child.kill()
    child.wait()
    ends(process)


def test_travelling():
    """A file on its way through a socket belongs to no process, but it is in use."""
    create(4096)
    here, there = socket.socketpair()
    with open(P, "rb") as file:
        socket.send_fds(here, [b"x"], [file.fileno()])
    process = waiting(N, "--unused")
    time.sleep(0.3)
    assert process.poll() is None, process.communicate()
    _, files, _, _ = socket.recv_fds(there, 1, 1)
    os.close(files[0])
    ends(process)


def test_descriptor():
    """A memfd is named through its process, and is gone with it."""
    code = """
import os, sys
file = os.memfd_create("x")
os.ftruncate(file, 8192)
print(file, flush=True)
sys.stdin.readline()
os.ftruncate(file, 12288)
sys.stdin.readline()
"""
    owner = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    started.append(owner)
    reference = f"pid:{owner.pid}:{owner.stdout.readline().decode().strip()}"
    assert immediate(reference, "--used").returncode == 0
    process = waiting(reference, "--size", "+4K")
    release(owner)
    ends(process)
    gone = waiting(reference, "--unused")
    removed = waiting(reference, "--removed")
    begin = time.monotonic()
    owner.kill()
    owner.wait()
    owner.stdin.close()
    owner.stdout.close()
    ends(gone, 66, f"shmtool: cannot wait for '{reference}': it was removed\n".encode())
    ends(removed)
    assert time.monotonic() - begin < 5


def test_resident():
    create(1 << 20)
    assert immediate(N, "--resident", "0").returncode == 0
    result = immediate(N, "--resident", "64K")
    assert (result.returncode, result.stderr.decode()) == (124, (
        f"shmtool: cannot wait for '{N}': timed out after 0 s (waiting for 64 KiB in RAM; 0 B are in "
        "RAM)\n")), result
    process = waiting(N, "--resident", "64K", "--json")
    with open(P, "r+b") as file, mmap.mmap(file.fileno(), 0) as memory:
        # A reserved page is not in RAM, and no event reports a store to memory.
        os.posix_fallocate(file.fileno(), 0, 1 << 20)
        for page in range(15):
            memory[page * 4096] = 1
        time.sleep(0.3)
        assert process.poll() is None
        memory[15 * 4096] = 1
        report = json.loads(ends(process))
    assert report["wanted"] == {"resident": 65536} and report["found"]["resident"] == 65536, report


def test_free():
    place = tempfile.mkdtemp()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8M", "tmpfs", place], check=True)
    try:
        with open(place + "/ballast", "wb") as file:
            os.posix_fallocate(file.fileno(), 0, 6 << 20)
        create(4096, place + "/x")
        def room(size):
            return run("limits", "-q", "--room", size, "--at", place).returncode
        # The answer is that of 'limits --room', with the directory given or that of the region.
        for size, code in (("1M", 0), ("3M", 1), ("4M", 1)):
            assert room(size) == code, size
            wanted = 124 if code else 0
            for words in (["--in", place], [place + "/x"]):
                result = immediate("--free", size, *words)
                assert result.returncode == wanted, (size, words, result)
        result = immediate("--free", "4M", "--in", place)
        assert result.stderr.decode().startswith(
            f"shmtool: cannot wait for room in '{place}': timed out after 0 s (waiting for room for 4 MiB "
            f"in '{place}'; needs 4 MiB, but {place} has "), result
        process = waiting("--free", "4M", "--in", place, "--json")
        both = waiting(place + "/x", "--removed", "--free", "4M")
        os.unlink(place + "/ballast")
        report = json.loads(ends(process))
        assert report["region"] is None and report["path"] == place, report
        assert report["wanted"] == {"free": 4 << 20}, report
        assert report["found"]["exists"] is None and report["found"]["size"] is None, report
        assert 4 << 20 <= report["found"]["free"] <= 8 << 20, report
        assert both.poll() is None
        os.unlink(place + "/x")
        ends(both)
        assert room("4M") == 0
    finally:
        subprocess.run(["umount", place], check=True)
        os.rmdir(place)


def test_combined():
    create(4096)
    words = [N, "--size", "8K", "--equals", "go", "--at", "5", "--used", "--resident", "4K",
             "--free", "4K"]
    process = waiting(*words, "--json")
    result = immediate(*words)
    assert result.returncode == 124, result
    wanted = ("a size of 8 KiB and the value of 2 bytes at 5 and room for 4 KiB in '/dev/shm' and a process "
              "that uses it and 4 KiB in RAM; it has 4 KiB;")
    assert wanted in result.stderr.decode(), result
    steps = []
    def step(change):
        assert process.poll() is None, (steps, process.communicate())
        steps.append(change())
        time.sleep(0.15)
    def write():
        with open(P, "r+b") as file:
            file.seek(5)
            file.write(b"go")
    step(lambda: os.truncate(P, 8192))
    step(write)
    # A user for a time, during which another condition does not hold, is not enough.
    step(lambda: os.truncate(P, 4096))
    step(lambda: steps.append(user()))
    step(lambda: finish(steps[-2]))
    step(lambda: os.truncate(P, 8192))
    holder = user()
    report = json.loads(ends(process))
    assert report["found"]["equals"] is True and report["found"]["users"] == [holder.pid], report
    assert report["wanted"] == {
        "size": 8192, "equals": "go", "offset": 5, "used": True, "resident": 4096, "free": 4096}
    finish(holder)


def test_gone():
    """Conditions of a region end with it; conditions of a name wait for the next region."""
    for words in (["--used"], ["--users", "3"], ["--resident", "1M"], ["--size", "+1M"],
                  ["--size", "1M", "--used"], ["--unused", "--size", "1M"]):
        for replace in (False, True):
            create(4096)
            process = waiting(N, *words, "--json")
            if replace:
                create(4096, P + "-new")
                os.rename(P + "-new", P)
            else:
                os.unlink(P)
            out, err = process.communicate(timeout=30)
            reason = "was replaced by another region" if replace else "was removed"
            assert process.returncode == 66, (words, replace, process.returncode, err)
            lines = err.decode().splitlines()
            assert lines[0] == f"shmtool: cannot wait for '{N}': it {reason}", lines
            assert json.loads(lines[1])["error"]["code"] == "not_found", lines
            assert json.loads(out)["met"] is False
            if replace:
                os.unlink(P)
    for words in (["--size", "8K"], ["--equals", "x"], ["--size", "8K", "--equals", "x"]):
        create(4096)
        process = waiting(N, *words)
        os.unlink(P)
        time.sleep(0.15)
        assert process.poll() is None, words
        with open(P, "wb") as file:
            file.write(b"x" * 8192)
        ends(process)
    create(4096)
    holder = user()
    process = waiting(N, "--unused")
    os.unlink(P)
    ends(process, 66, f"shmtool: cannot wait for '{N}': it was removed\n".encode())
    finish(holder)


def test_report():
    before = time.monotonic()
    result = run("wait", N, "--timeout", "300ms", "--json")
    took = time.monotonic() - before
    report = json.loads(result.stdout)
    assert result.returncode == 124 and report["met"] is False, result
    assert 0.3 <= report["seconds"] <= took, (report, took)
    assert report["region"] == N and report["wanted"] == {"exists": True}, report
    assert report["found"] == {"exists": False, "size": None}, report
    error = json.loads(result.stderr.splitlines()[-1])["error"]
    assert error["code"] == "timed_out" and error["region"] == N, error
    report = json.loads(run("wait", N, "--removed", "-J").stdout)
    assert report["wanted"] == {"exists": False} and report["found"]["exists"] is False, report
    create(5)
    report = json.loads(run("wait", N, "--json").stdout)
    assert report["found"] == {"exists": True, "size": 5} and report["met"] is True, report
    # Facts that were not found yet are null.
    absent = N + "-not"
    report = json.loads(immediate(
        absent, "--json", "--resident", "1", "--used", "--size", "+1", "--equals", "\\xff").stdout)
    assert report["wanted"]["equals"] == "bytes:%FF", report
    assert report["found"] == {"exists": False, "size": None, "growth": None, "equals": None,
                               "used": None, "users": [], "resident": None}, report
    # An error of the region is no report.
    os.unlink(P)
    os.mkfifo(P)
    result = run("wait", N, "--json")
    assert (result.returncode, result.stdout) == (65, b""), result
    assert run("wait", N, "-q").stderr.startswith(b"shmtool: cannot open '"), "a failure is said"


def test_quiet():
    create(4096)
    ready = ["--size", "1"]
    for words, code in ((ready, 0), (["--size", "8K"], 124), (["--used"], 124), (["--removed"], 124)):
        result = immediate(N, "-q", *words)
        assert (result.returncode, result.stdout, result.stderr) == (code, b"", b""), result
        assert immediate(N, "--quiet", *words).returncode == code
    process = waiting(N, "-q", "--used")
    os.unlink(P)
    assert ends(process, 66) == b""


def test_interrupted():
    create(4096)
    holder = user()
    for words in ([N, "--size", "+1"], [N, "--users", "2"], [N, "--unused"], [N, "--resident", "1M"],
                  [N, "--equals", "x", "--json"], ["--free", "1000T"], [N, "--used", "--free", "1000T"]):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            code, out, err = stop(waiting(*words), number)
            assert (code, out, err) == (-number, "", ""), (words, code, out, err)
    assert not os.path.exists(P + "-new")
    finish(holder)
    # No lease is left.
    assert run("remove", "--unused", N).returncode == 0


def test_patient():
    """A wait takes little of a processor, also among events, which its own looks cause as well."""
    create(1 << 20)
    holder = user()
    noise = subprocess.Popen([sys.executable, "-c", """
import os, sys, time
while True:
    file = os.open(sys.argv[1], os.O_RDWR)
    os.pwrite(file, b"x", 0)
    os.close(file)
    time.sleep(0.0005)
""", P])
    started.append(noise)
    waits = [start("wait", *words) for words in (
        [N, "--removed"], [N, "--size", "2M"], [N, "--size", "+1"], [N, "--equals", "y"],
        [N, "--users", "90"], [N, "--unused"], [N, "--resident", "1M"], [N, "--unused", "--equals", "y"],
        ["--free", "1000T"])]
    time.sleep(3)
    ticks = os.sysconf("SC_CLK_TCK")
    for process in waits:
        fields = open(f"/proc/{process.pid}/stat").read().rpartition(")")[2].split()
        seconds = (int(fields[11]) + int(fields[12])) / ticks
        assert seconds < 0.6, (process.args, seconds)
        process.kill()
        process.communicate()
    noise.kill()
    noise.wait()
    finish(holder)


def test_as_nobody():
    """Whether a region is unused is known to its owner, and never guessed."""
    binary = os.open(T, os.O_RDONLY)
    def nobody(*words, code, text=""):
        result = subprocess.run(
            ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups",
             f"/proc/self/fd/{binary}", "wait", "--timeout", "300ms", *words],
            capture_output=True, timeout=60, pass_fds=[binary])
        assert result.returncode == code and text in result.stderr.decode(), (words, result)
        return result
    hidden = "processes of other users, which are not visible here, may use it"
    create(4096)
    os.chmod(P, 0o644)
    # A region of root, without and with a user, which this user cannot see.
    holder = None
    for _ in range(2):
        nobody(N, "--unused", code=2, text=hidden)
        report = json.loads(nobody(N, "--unused", "--json", code=2, text='"answer_unknown"').stdout)
        assert report["found"]["used"] is None and report["met"] is False, report
        assert nobody(N, "-q", "--unused", code=2).stderr == b""
        nobody(N, "--used", code=124, text="no visible process uses it")
        holder = holder or user()
    # Its own region: the kernel answers, also for users that it cannot see.
    os.chown(P, 65534, 65534)
    nobody(N, "--unused", code=124, text="a process that is not visible here uses it")
    finish(holder)
    nobody(N, "--unused", code=0)
    os.chown(P, 0, 0)
    # Sizes and names are visible to all, contents and pages only with permission.
    nobody(N, "--size", "4K", code=0)
    nobody(N, "--resident", "4K", code=124, text="0 B are in RAM")
    os.chmod(P, 0o600)
    nobody(N, "--size", "4K", code=0)
    nobody(N, "--equals", "x", code=77, text="mode 600")
    nobody(N, "--resident", "4K", code=77, text="mode 600")
    nobody("--free", "4K", code=0)
