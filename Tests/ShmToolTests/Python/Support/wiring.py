"""Locks, limits and pages, as the kernel shows them."""
import ctypes
import json
import mmap
import os
import re
import resource
import signal

from support import line, run, start, until

libc = ctypes.CDLL(None, use_errno=True)
K, M, PAGE = 1 << 10, 1 << 20, mmap.PAGESIZE


# Without CAP_IPC_LOCK (root takes it out of the bounding set, 24 is PR_CAPBSET_DROP) and with
# a memlock limit.
def limited(soft, hard=None):
    def prepare():
        resource.setrlimit(resource.RLIMIT_MEMLOCK, (soft, soft if hard is None else hard))
        if os.geteuid() == 0:
            assert libc.prctl(24, 14, 0, 0, 0) == 0, "cannot drop CAP_IPC_LOCK"
    return prepare


# `wire` that holds: the process after its report, and the report.
def holder(*words, **options):
    process = start("wire", *words, **options)
    text = line(process.stdout if "--json" in words else process.stderr)
    assert text.startswith(("wired", "{")), (text, process.communicate())
    return process, text


# The mappings of the region in a process: (offset, bytes, locked, Locked:, Rss:).
def mappings(process, path):
    found = []
    for text in open(f"/proc/{process}/smaps"):
        head = re.match(r"([0-9a-f]+)-([0-9a-f]+) \S+ ([0-9a-f]+) \S+ \d+ +(.*)\n", text)
        if head:
            begin, end, offset = (int(head[i], 16) for i in (1, 2, 3))
            mine = head[4].removesuffix(" (deleted)") == path
            if mine:
                found.append({"at": begin, "offset": offset, "bytes": end - begin})
        elif mine:
            name, value = text.split(":", 1)
            if name in ("Locked", "Rss"):
                found[-1][name] = int(value.split()[0]) * K
            elif name == "VmFlags":
                found[-1]["lo"] = "lo" in value.split()
    return found


# What a failed call must leave: no name of ours, nothing wired, one line of explanation.
def refused(result, code, *parts):
    error = result.stderr.decode()
    assert (result.returncode, result.stdout) == (code, b""), result
    assert error.startswith("shmtool: ") and error.count("\n") == 1, error
    for part in parts:
        assert part in error, (part, error)
    return error


# A memory group of version 1 or 2, and what puts a child into it.
class Group:
    def __init__(self, limit, name=None):
        self.version = 1 if os.path.exists("/sys/fs/cgroup/memory/cgroup.procs") else 2
        root = "/sys/fs/cgroup/memory" if self.version == 1 else "/sys/fs/cgroup"
        self.path = "/" + (name or f"shmtool-test-{os.getpid()}")
        self.place = root + self.path
        self.used = "memory.usage_in_bytes" if self.version == 1 else "memory.current"
        self.limit = limit
    def __enter__(self):
        os.mkdir(self.place)
        name = "memory.limit_in_bytes" if self.version == 1 else "memory.max"
        with open(f"{self.place}/{name}", "w") as file:
            file.write(str(self.limit))
        return self
    def __exit__(self, *ignored):
        for text in open(self.place + "/cgroup.procs").read().split():
            os.kill(int(text), signal.SIGKILL)
        until(lambda: not open(self.place + "/cgroup.procs").read())
        os.rmdir(self.place)
    def enter(self, also=lambda: None):
        def prepare():
            with open(self.place + "/cgroup.procs", "w") as file:
                file.write(str(os.getpid()))
            also()
        return prepare


# What of a group's room is left for pages: the kernel's tables and the process are charged, too.
def for_pages(room):
    return max(0, room - room // 128 - M)


def pages(name):
    return json.loads(run("inspect", name, "--json").stdout)["regions"][0]["pages"]


def create(name, size, *words):
    result = run("create", name, str(size), "--quiet", *words)
    assert result.returncode == 0, result
