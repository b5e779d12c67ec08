import collections
import json
import math
import mmap
import os
import resource
import signal
import stat
import tempfile
import unicodedata

from inventory import memfd, segment
from metrics import client, parse
from support import N, P, run, start, until

# Whether this process has namespaces for itself: see Python.test.
ALONE = os.getpid() == 1
AMOUNTS = ["size", "allocated", "swapped", "wired"]
HOSTILE = ['"quote', "back\\slash", "\\n", "new\nline", "tab\t", "}{", "a=\"b\",c", "#", "é\u202e", "\x1b[2J", "a b"]


def text(*words, code=0):
    result = run(*words, "--metrics")
    assert result.returncode == code and not result.stderr, result
    return result.stdout.decode()


def metrics(*words, **options):
    return parse(text(*words, **options))


def state(row):
    if row["used"] is not None:
        return "used" if row["used"] else "unused"
    return "unseen" if row["no_user_seen"] else "unknown"


def sums(rows, columns):
    found = collections.defaultdict(lambda: collections.defaultdict(int))
    for row in rows:
        key = (("kind", row["kind"]), ("owner", row["owner"] or "unknown"), ("state", state(row)))
        found["shmtool_regions"][key] += 1
        for name in columns:
            if row["kind"] != "stream" and row[name] is not None:
                found[f"shmtool_regions_{name}_bytes"][key] += row[name]
            elif row["kind"] != "stream":
                found["shmtool_regions_unknown"][tuple(sorted(key + (("column", name),)))] += 1
    return found


def test_sums():
    for index, size in enumerate((4096, 12345, 1 << 20)):
        assert run("create", f"{N}-{index}", str(size), "-q").returncode == 0
    held = memfd(N, 8192)
    memory = mmap.mmap(held, 8192)
    memory[0] = 1
    segment(16384)
    try:
        report = json.loads(run("list", "--json").stdout)
        found = metrics("list")
        wanted = sums(report["regions"], AMOUNTS)
        kinds = {dict(key)["kind"] for key in found["shmtool_regions"]}
        assert {"posix", "memfd", "sysv"} <= kinds, kinds
        if ALONE:
            # Nothing changes between the two looks.
            assert {name: dict(values) for name, values in wanted.items()} == \
                {name: found[name] for name in wanted}, (wanted, found)
            assert found["shmtool_shmem_listed_bytes"] == {(): report["account"]["listed"]}
            assert found["shmtool_hidden_processes"] == {(): report["hidden_processes"]}
            assert found["shmtool_all_processes_visible"] == {(): int(report["sees_all_processes"])}
        assert found["shmtool_shmem_bytes"][()] > 0
        hidden, visible = found["shmtool_hidden_processes"][()], found["shmtool_all_processes_visible"][()]
        assert hidden >= 0 and visible in (0, 1), (hidden, visible)
        assert found["shmtool_unreadable_sources"] == {(): 0}
        own = sums(json.loads(run("list", "--json", f"{N}*").stdout)["regions"], AMOUNTS)
        assert {name: dict(values) for name, values in own.items()} == metrics("list", f"{N}*")
    finally:
        for index in range(3):
            run("remove", f"{N}-{index}", "-q")
        memory.close()
        os.close(held)


def test_columns():
    assert run("create", N, "64K", "-q").returncode == 0
    def names(*words):
        # Whether bytes are wired may be unknown.
        return {name.removeprefix("shmtool_") for name in metrics("list", *words)} - {
            "regions_unknown", "regions_wired_bytes"}
    default = {"regions"} | {f"regions_{name}_bytes" for name in AMOUNTS if name != "wired"}
    assert names(N) == default
    assert names(N, "-o", "size") == {"regions", "regions_size_bytes"}
    assert names(N, "-o", "name,inode") == {"regions"}
    assert names(N, "-o", "+resident,huge") == default | {"regions_resident_bytes", "regions_huge_bytes"}
    assert {"shmem_bytes", "hidden_processes"} < names()
    for words in (["--kind", "posix"], ["--stale"], ["--user", str(os.geteuid())], ["--pid", str(os.getpid())]):
        assert not {name for name in names(*words) if name.startswith(("shmem", "hidden"))}, words
    # A stream has no bytes: it is neither 0 nor unknown.
    sender = start("send", N, "/dev/null")
    try:
        until(lambda: b"stream" in run("list", "-r", "-o", "kind", "--kind", "stream").stdout)
        found = metrics("list", "--kind", "stream")
        assert set(found) == {"shmtool_regions"}, found
    finally:
        sender.send_signal(signal.SIGTERM)
        sender.communicate(timeout=30)
    # An absent name is reported, and the others have metrics.
    result = run("list", "--metrics", N, f"{N}-none")
    assert result.returncode == 66 and parse(result.stdout.decode()), result


def test_top():
    names = {f"{N}-{index}": 4096 * (index + 1) for index in range(12)}
    before = text("list").count("\n") if ALONE else None
    for name, size in names.items():
        assert run("create", name, str(size), "-q").returncode == 0
    try:
        found = metrics("list", f"{N}-*", "--top", "3")
        rows = {dict(key)["region"]: value for key, value in found["shmtool_region_size_bytes"].items()}
        assert rows == {f"{N}-{index}": names[f"{N}-{index}"] for index in (11, 10, 9)}, rows
        key, = [key for key in found["shmtool_region_allocated_bytes"] if dict(key)["name"] == f"{N}-11"]
        labels = dict(key)
        status = os.stat(f"/dev/shm/{N}-11")
        assert (labels["inode"], labels["device"]) == (str(status.st_ino), str(status.st_dev)), labels
        assert labels["kind"] == "posix" and labels["state"] in ("unseen", "unknown"), labels
        assert len(metrics("list", f"{N}-*", "--top", "100")["shmtool_region_size_bytes"]) == 12
        assert not [name for name in metrics("list") if name.startswith("shmtool_region_")]
        # Twelve regions more are no sample more than one region.
        if before is not None:
            assert text("list").count("\n") <= before + 30, text("list")
        one = text("list", f"{N}-1").count("\n")
        assert text("list", f"{N}-*").count("\n") == one
    finally:
        for name in names:
            run("remove", name, "-q")


def test_hostile():
    held = [memfd(N + name, 4096) for name in HOSTILE]
    for name in HOSTILE:
        open(P + name, "x").close()
    try:
        words = ["list", f"*{N}*", "--pid", str(os.getpid()), "--top", "100"]
        for page in (text(*words), text("list", f"*{N}*", "--top", "100")):
            for character in page:
                assert character == "\n" or unicodedata.category(character) not in ("Cc", "Cf"), page
        found = metrics(*words)["shmtool_region_size_bytes"]
        assert len(found) == len(HOSTILE), found
        found = metrics("list", f"*{N}*", "--kind", "posix", "--top", "100")["shmtool_region_size_bytes"]
        inodes = {os.stat(P + name).st_ino for name in HOSTILE}
        assert {int(dict(key)["inode"]) for key in found} == inodes
        for key in found:
            shown = run("list", "-r", "-o", "inode", dict(key)["region"])
            assert shown.stdout.decode().strip() == dict(key)["inode"], (key, shown)
    finally:
        for name in HOSTILE:
            os.unlink(P + name)
        for file in held:
            os.close(file)


def test_file():
    assert run("create", N, "64K", "-q").returncode == 0
    with tempfile.TemporaryDirectory() as directory:
        path = directory + "/shmtool.prom"
        old = os.umask(0o077)
        try:
            for mode in (None, 0o600, 0o666):
                if mode is not None:
                    os.chmod(path, mode)
                    before = os.stat(path).st_ino
                    reader = open(path)
                for words in (["list", N], ["limits", "--need", "1"]):
                    result = run(*words, "--metrics-file", path)
                    assert result.returncode == 0 and not result.stdout and not result.stderr, result
                    assert stat.S_IMODE(os.stat(path).st_mode) == 0o644
                    assert parse(open(path).read())
                if mode is not None:
                    # The old file is whole, and another one.
                    assert os.stat(path).st_ino != before or os.fstat(reader.fileno()).st_nlink == 0
                    assert parse(reader.read())
                    reader.close()
        finally:
            os.umask(old)
        assert os.listdir(directory) == ["shmtool.prom"]
        # What fails leaves the old file.
        contents = open(path).read()
        def limited():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
        result = run("list", "--metrics-file", path, preexec_fn=limited)
        assert result.returncode in (71, 74, 79) and result.stderr.count(b"\n") == 1, result
        assert open(path).read() == contents and os.listdir(directory) == ["shmtool.prom"]
        assert run("list", "--metrics-file", directory + "/none/x").returncode == 66
        assert run("list", "--metrics-file", directory).returncode in (64, 65)
        # No region was looked for in vain: a name that is absent is an error still.
        assert run("list", N + "-none", "--metrics-file", path).returncode == 66
        for target in ("-", "/dev/stdout", "/dev/fd/1"):
            assert parse(run("list", N, "--metrics-file", target).stdout.decode()), target


def test_limits():
    report = json.loads(run("limits", "--json").stdout)
    found = metrics("limits")
    assert found["shmtool_memory_bytes"] == {(): report["memory_total"]}
    soft, _ = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    value = math.inf if soft == resource.RLIM_INFINITY else soft
    assert found["shmtool_memlock_soft_bytes"] == {(): value}
    def lower():
        resource.setrlimit(resource.RLIMIT_MEMLOCK, (65536, 65536))
    lowered = run("limits", "--metrics", preexec_fn=lower)
    found = parse(lowered.stdout.decode())
    assert found["shmtool_memlock_soft_bytes"] == found["shmtool_memlock_hard_bytes"] == {(): 65536}
    room = os.statvfs("/dev/shm")
    assert found["shmtool_shm_size_bytes"] == {(): room.f_blocks * room.f_frsize}
    assert (("directory", "/dev/shm"),) in found["shmtool_creatable_bytes"] or "shmtool_creatable_bytes" not in found
    me = (("pid", str(os.getpid())),)
    found = metrics("limits", "--pid", str(os.getpid()))
    assert found["shmtool_memlock_soft_bytes"] == {me: value} and me in found["shmtool_process_mappings"]
    # The answers, and the exit statuses.
    found = metrics("limits", "--need", "4K", "--room", "8K")
    assert found["shmtool_need_bytes"] == {(): 4096} and found["shmtool_need_possible"] == {(): 1}
    assert found["shmtool_room_bytes"] == {(): 8192} and found["shmtool_room_possible"] == {(): 1}
    found = metrics("limits", "--need", "4000T", "--room", "8K", code=1)
    assert found["shmtool_need_possible"] == {(): 0} and found["shmtool_room_possible"] == {(): 1}
    found = metrics("limits", "--need", "4K", "--room", "4000T", code=1)
    assert found["shmtool_need_possible"] == {(): 1} and found["shmtool_room_possible"] == {(): 0}
    # The two commands can be in one directory of the collector.
    assert not set(metrics("limits", "--need", "1", "--room", "1")) & set(metrics("list", "--top", "3", "-o", "all"))


def test_client():
    held = [memfd(N + name, 4096) for name in HOSTILE]
    for name in HOSTILE:
        open(P + name, "x").close()
    try:
        for words in (["list", f"*{N}*", "--top", "100", "-o", "+resident"], ["list", "--top", "5"],
                      ["limits", "--need", "4K", "--room", "1M"], ["limits", "--pid", str(os.getpid())]):
            page = text(*words)
            wanted = parse(page)
            assert client(page, openmetrics=False) == wanted, words
            assert client(page, openmetrics=True) == wanted, words
    finally:
        for name in HOSTILE:
            os.unlink(P + name)
        for file in held:
            os.close(file)
