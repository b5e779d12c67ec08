import ctypes
import json
import mmap
import os
import resource
import signal
import subprocess
import time

from inventory import memfd, segment
from support import line, N, P, run, start, stop, T
from wiring import holder, limited, PAGE

SAFE = (1 << 53) - 1


# The report, in which no number is beyond what every program holds.
def report(*words, code=0, **options):
    result = run(*words, "--json", **options)
    assert result.returncode == code, (words, result)
    assert result.stdout.count(b"\n") == 1 and result.stdout.endswith(b"}\n"), result.stdout
    told = json.loads(result.stdout)
    assert list(told) == sorted(told), list(told)
    check(told)
    return told


def check(value):
    if isinstance(value, dict):
        for inner in value.values():
            check(inner)
    elif isinstance(value, list):
        for inner in value:
            check(inner)
    elif isinstance(value, (int, float)):
        assert abs(value) <= SAFE, value


def sizes():
    for size in (SAFE, SAFE + 1, 1 << 60, (1 << 63) - 1):
        shown = size if size <= SAFE else str(size)
        with open(P, "wb") as file:
            os.truncate(file.fileno(), size)
        [row] = [r for r in report("list")["regions"] if r["name"] == N]
        assert row["size"] == shown, (row, size)
        [region] = report("inspect", N, "--pages")["regions"]
        assert region["size"] == shown and region["runs"][0]["state"] == "hole", region
        removed = report("remove", N)
        assert [r["size"] for r in removed["regions"]] == [shown], removed
    assert report("create", N, "4K")["size"] == 4096
    os.truncate(P, 3 << 60)
    told = report("verify", N, "--zero", "--length", "64K", "--offset", str(2 << 60))
    assert (told["offset"], told["length"]) == (str(2 << 60), 65536), told
    told = report("fill", N, "--byte", "1", "--length", "1", "--offset", str(2 << 60))
    assert (told["offset"], told["length"]) == (str(2 << 60), 1), told
    told = report("verify", N, "--zero", "--length", "64K", "--offset", str(2 << 60), code=1)
    assert told["first_difference"] == str(2 << 60), told


def limits():
    told = report("limits")
    hard = resource.getrlimit(resource.RLIMIT_MEMLOCK)[1]
    infinite = {"bytes": None, "unlimited": True}
    if hard == resource.RLIM_INFINITY:
        assert told["memlock_hard"] == infinite, told
        largest = (1 << 63) - 1
        told = report("limits", preexec_fn=limited(largest))
        assert told["memlock_soft"] == {"bytes": str(largest), "unlimited": False}, told
    for group in told["cgroups"]:
        assert group["limit"] == infinite or not group["limit"]["unlimited"], group
    # The defaults of the kernel are near 2^64.
    for name, key, unit in (("shmmax", "shmmax", "bytes"), ("shmall", "shmall", "count")):
        value = int(open("/proc/sys/kernel/" + name).read())
        assert told[key] == ({unit: None, "unlimited": True} if value >= 1 << 63 else
                             {unit: value if value <= SAFE else str(value), "unlimited": False}), told
    told = report("limits", "--need", str((1 << 63) - 1), code=1)
    assert told["answer"]["need"] == str((1 << 63) - 1), told["answer"]
    told = report("limits", "--room", str(7 << 60), code=1)
    assert told["room"]["answer"]["need"] == str(7 << 60), told["room"]


def addresses():
    with open("/proc/self/maps") as maps:
        found = [text.split("-") for text in maps]
    ends = [(int(begin, 16), rest[0]) for begin, *rest in found]
    highest = max(begin for begin, _ in ends)
    for place in {highest, min(begin for begin, _ in ends)}:
        result = run("inspect", f"{os.getpid()}@{place:#x}", "--json")
        # The kernel does not let everybody look at vsyscall.
        if result.returncode == 0:
            told = json.loads(result.stdout)
            check(told)
            assert told["addresses"][0]["address"] == hex(place), told
    # A mapping far inside a file.
    file = memfd(N, (1 << 62) + PAGE)
    far = mmap.mmap(file, PAGE, offset=1 << 62)
    far[0] = 1
    [row] = [r for r in report("list", "--pid", str(os.getpid()))["regions"] if r["name"] == N]
    assert row["size"] == str((1 << 62) + PAGE), row
    [mine] = [u for u in row["users"] if u["pid"] == os.getpid()]
    assert [m["offset"] for m in mine["mappings"]] == [str(1 << 62)], mine
    at = ctypes.addressof(ctypes.c_char.from_buffer(far))
    [told] = report("inspect", f"{os.getpid()}@{at:#x}")["addresses"]
    assert told["offset"] == str(1 << 62), told


def test_extremes(kind):
    {"sizes": sizes, "limits": limits, "addresses": addresses}[kind]()


def test_watch():
    assert run("create", N, "1M", "--sparse", "-q").returncode == 0
    for flag in ("--json", "-J"):
        watching = start("inspect", N, "--watch=50ms", flag)
        times = []
        for _ in range(3):
            told = json.loads(line(watching.stdout))
            assert told["schema"] == 2 and told["regions"][0]["region"] == N, told
            times.append(told["time"])
        assert times == sorted(set(times)) and abs(times[0] - time.time()) < 60, times
        assert stop(watching, signal.SIGINT)[0] == -signal.SIGINT
    assert "time" not in report("inspect", N)
    # The last line of stderr says why it ended.
    watching = start("inspect", N, "--watch=50ms", "-J")
    line(watching.stdout)
    os.unlink(P)
    assert watching.wait(30) == 66
    last = json.loads(watching.stderr.read().splitlines()[-1])
    assert last["error"]["code"] == "not_found" and last["error"]["region"] == N, last


# Names that a shell, a parser or a terminal would take for something else.
def test_references():
    for odd in ("", " b", "\nc", "'\"", "@5", "@0x10", "é\u202e", "\\x41", "%41"):
        name = N + odd
        told = report("create", name, "64K")
        try:
            reference = told["region"]
            inode = os.stat("/dev/shm/" + name).st_ino
            for command, *more in (["fill", "--zero"], ["verify", "--zero"], ["write"], ["resize", "64K"],
                                   ["wire", "--for", "0"], ["inspect"], ["map", "--", "true"]):
                result = run(command, "-J", reference, *more)
                assert result.returncode == 0, (command, result)
                told = json.loads(result.stdout)
                rows = told.get("regions") or told.get("mappings") or [told]
                assert [row["region"] for row in rows] == [reference], (command, told)
                assert told["action"] == command, told
            [row] = [r for r in report("list")["regions"] if r["inode"] == inode and r["name"] == name]
            assert row["reference"] == row["region"] == reference, row
            told = report("copy", reference, reference + "@32K", "--length", "1")
            assert told["from"] == reference, told
            failed = run("create", reference, "4K", "-J")
            assert json.loads(failed.stderr.splitlines()[-1])["error"]["region"] == reference, failed
            assert [r["region"] for r in report("remove", reference)["regions"]] == [reference]
        finally:
            if os.path.exists("/dev/shm/" + name):
                os.unlink("/dev/shm/" + name)


# One line of JSON for each report of this run.
def shown(*words, code=(0,), stream="stdout", **options):
    result = run(*words, **options)
    assert result.returncode in code, (words, result)
    print(getattr(result, stream).decode().splitlines()[-1])


def test_every_key():
    os.environ.pop("SHMTOOL_DIR", None)
    directory = "/tmp/" + N
    os.mkdir(directory)
    try:
        regions(directory)
        inspections()
        measurements(directory)
        wirings()
        streams(directory)
        overlay(directory)
        unreadable()
    finally:
        subprocess.run(["rm", "-rf", directory], check=True)


def regions(directory):
    path = directory + "/file"
    with open(path, "wb") as file:
        file.write(os.urandom(1 << 20))
    shown("create", N, "64K", "-J")
    shown("create", N + "-huge", "64K", "--huge=try", "-J")
    shown("create", N + "-wired", "64K", "--wired", "--for", "0", "-J")
    shown("create", N + "-direct", "--from", path, "--direct", "-J")
    shown("fill", N, "--random", "-J")
    shown("write", N, "-J", input=b"x")
    shown("advise", N, "cold", "-J")
    shown("verify", N, "--zero", "-J", code=(1,))
    shown("resize", N, "128K", "-J")
    shown("read", N, "-o", directory + "/out", "-J")
    shown("copy", "file:" + path, N + "-direct", "--direct", "--verify", "-J")
    shown("map", N, "--private", "-J", "--", "true")
    file = memfd("sealed", PAGE)
    shown("seal", f"pid:{os.getpid()}:{file}", "grow", "-J")
    shown("remove", N + "-huge", "missing", "-J", code=(66,))
    shown("remove", "--stale", "-J")
    shown("create", N, "64K", "-J", code=(73,), stream="stderr")
    shown("limits", "--need", "4K", "--room", "4K", "-J", env={**os.environ, "KUBERNETES_SERVICE_HOST": "x"})


def inspections():
    number, _ = segment(3 * PAGE)
    file = os.open(P, os.O_RDWR)
    memory = mmap.mmap(file, 16 * PAGE)
    again = mmap.mmap(file, 16 * PAGE)
    memory[0] = again[0]
    memory[3] = 0
    at = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    shown("list", "-J")
    shown("wait", N, "-J")
    shown("wait", N, "--used", "--resident", "4K", "--size", "4K", "--equals", "\\0", "--at", "3", "--free", "4K", "-J")
    shown("wait", N, "--users", "1000", "--timeout", "10ms", "-J", code=(124,))
    shown("wait", N, "--used", "--size", "+1G", "--timeout", "10ms", "-J", code=(124,))
    shown("wait", "--free", "4K", "--in", "/dev/shm", "-J")
    shown("inspect", N, f"sysv:{number}", f"{os.getpid()}@{at:#x}", "--pages", "-J")
    watching = start("list", N, "--watch=20ms", "-J")
    print(line(watching.stdout).strip())
    stop(watching)
    watching = start("inspect", N, "--watch=20ms", "-J")
    line(watching.stdout)
    print(line(watching.stdout).strip())
    stop(watching)


# A run, and one that is compared with an earlier run that had other speeds.
def measurements(directory):
    shown("bench", "--quick", "transfer", "memory", "-J")
    # Besides a transfer on a busy machine the memory has too few rounds in the time of a quick benchmark.
    report = json.loads(run("bench", "--quick", "memory", "-J").stdout)
    for one in report["series"]:
        factor = {"touch": 50, "write": 0.02}.get(one["method"], 1)
        one["samples"] = [value * factor for value in one["samples"]]
    with open(directory + "/before", "w") as file:
        json.dump(report, file)
    shown("bench", "--quick", "memory", "--baseline", directory + "/before", "-J", code=(1,))


def wirings():
    os.environ["SHMTOOL_DIR"] = ""
    assert run("wire", N, "--background", "-q").returncode == 0
    shown("wire", "--list", "-J")
    shown("limits", "-J")
    shown("unwire", N, "-J")
    os.environ.pop("SHMTOOL_DIR")
    process, text = holder(N, "--best-effort", "--json", preexec_fn=limited(PAGE))
    print(text.strip())
    stop(process)


def streams(directory):
    sender = start("send", "keys", directory + "/file", "--json", "--checksum")
    shown("recv", "keys", "--json", stream="stderr")
    print(sender.communicate(timeout=30)[1].decode().strip())


# A process that has mapped a file before overlayfs copied it.
def overlay(directory):
    for name in ("lower", "upper", "work", "merged"):
        os.makedirs(f"/dev/shm/overlay/{name}")
    with open("/dev/shm/overlay/lower/file", "wb") as file:
        file.write(bytes(2 * PAGE))
    layers = "lowerdir=/dev/shm/overlay/lower,upperdir=/dev/shm/overlay/upper,workdir=/dev/shm/overlay/work"
    subprocess.run(["mount", "-t", "overlay", "overlay", "-o", layers, "/dev/shm/overlay/merged"], check=True)
    path = "/dev/shm/overlay/merged/file"
    file = os.open(path, os.O_RDONLY)
    memory = mmap.mmap(file, 0, prot=mmap.PROT_READ)
    sum(memory[::PAGE])
    with open(path, "ab") as other:
        other.write(b"x")
    shown("wire", "file:" + path, "--for", "0", "-J")
    memory.close()
    os.close(file)
    subprocess.run(["umount", "/dev/shm/overlay/merged"], check=True)


def unreadable():
    os.chmod("/dev/shm", 0o700)
    file = os.open(T, os.O_RDONLY)
    os.set_inheritable(file, True)
    result = subprocess.run(
        ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", f"/proc/self/fd/{file}", "list", "-J"],
        capture_output=True, close_fds=False, timeout=60)
    print(result.stdout.decode().strip())
