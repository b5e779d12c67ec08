"""Injects errors into the system calls of commands that change something, and compares what was changed
with what was said: exit status 0 means done, and another status with a change needs words for it.

half_done.py SHMTOOL PREFIX RUNS SEED
"""
import collections, fcntl, hashlib, os, random, re, subprocess, sys, tempfile

TOOL, PREFIX, RUNS, SEED = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
NAME, SECOND = PREFIX + "-a", PREFIX + "-b"
SAID = re.compile(
    r"already done: |created and stays|bytes were (copied|written|already written)|was filled|"
    r"SIGTERM was sent|\"regions\":\[\{", re.S)
ERRNOS = ["EIO", "ENOMEM", "ENOSPC", "EINTR", "EPERM", "EBADF"]


def tool(*words, **options):
    return subprocess.run([TOOL, *words], capture_output=True, timeout=60, **options)


def clean():
    for name in (NAME, SECOND):
        try:
            os.unlink("/dev/shm/" + name)
        except FileNotFoundError:
            pass


def one(size="20000", name=NAME):
    assert tool("create", "-q", name, size).returncode == 0


def two():
    one()
    one(name=SECOND)
    assert tool("fill", "-q", SECOND, "--byte", "7").returncode == 0


memfd = [None]


def sealable():
    if memfd[0] is not None:
        os.close(memfd[0])
    memfd[0] = os.memfd_create(NAME, os.MFD_ALLOW_SEALING)
    os.ftruncate(memfd[0], 4096)


def state(kind):
    if kind == "seal":
        return fcntl.fcntl(memfd[0], 1034)
    found = []
    for name in (NAME, SECOND):
        try:
            with open("/dev/shm/" + name, "rb") as file:
                status = os.fstat(file.fileno())
                found.append((status.st_size, hashlib.sha256(file.read()).digest()))
        except FileNotFoundError:
            found.append(None)
    return found


CASES = {
    "create": (lambda: None, lambda: ["create", NAME, "20000", "--json"]),
    "create --from": (lambda: None, lambda: ["create", NAME, "--from", "/etc/passwd", "--json"]),
    "create --wired": (lambda: None, lambda: ["create", NAME, "20000", "--wired", "--for", "20ms"]),
    "create -- CMD": (lambda: None, lambda: ["create", NAME, "20000", "--wired", "-q", "--", "true"]),
    "grow": (one, lambda: ["resize", NAME, "50001", "--json"]),
    "shrink": (one, lambda: ["resize", NAME, "1000", "--shrink", "--force", "--json"]),
    "seal": (sealable, lambda: ["seal", f"pid:{os.getpid()}:{memfd[0]}", "grow", "--json"]),
    "remove": (two, lambda: ["remove", NAME, SECOND, "--json"]),
    "fill": (one, lambda: ["fill", NAME, "--random", "--threads", "1", "--json"]),
    "write": (one, lambda: ["write", NAME, "/etc/passwd", "--json"]),
    "copy": (two, lambda: ["copy", SECOND, NAME, "--json"]),
}


def calls(words):
    """The calls from the tool's own first one on: a name, and which of that name."""
    with tempfile.NamedTemporaryFile("r", errors="replace") as log:
        subprocess.run(["strace", "-f", "-qq", "-o", log.name, TOOL, *words], capture_output=True,
                       stdin=subprocess.DEVNULL, timeout=60)
        counts, found, begun = collections.Counter(), [], False
        for text in log:
            match = re.match(r"\d+ +(\w+)\(", text)
            if match:
                counts[match[1]] += 1
                begun = begun or "SIGXFSZ" in text
                # The C library aborts if the kernel refuses futex(2) with an error that it does not expect.
                # gettid(2) and its like always succeed, and callers rely on it.
                if begun and match[1] not in ("exit_group", "execve", "mmap", "brk", "rt_sigreturn", "futex", "gettid",
                                              "getpid", "getppid", "getuid", "geteuid", "getgid", "getegid"):
                    found.append((match[1], counts[match[1]]))
    assert len(found) > 5, found
    return found


def main():
    chosen = random.Random(SEED)
    points = []
    for kind, (prepare, words) in CASES.items():
        clean()
        prepare()
        before = state(kind)
        found = calls(words())
        after = state(kind)
        points += [(kind, before, after, point) for point in found]
    chosen.shuffle(points)
    wrong = []
    for kind, before, after, (call, number) in points[:RUNS]:
        prepare, words = CASES[kind]
        clean()
        prepare()
        error = chosen.choice(ERRNOS)
        command = ["timeout", "-s", "KILL", "30", "strace", "-f", "-qq", "-o", "/dev/null", "-e",
                   f"inject={call}:error={error}:when={number}", TOOL, *words()]
        result = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL)
        said, now = result.stderr.decode(errors="replace"), state(kind)
        where = f"{kind}: {call}:{error}:when={number}: {result.returncode}: {said!r}"
        # strace counts the calls of each process: this one was of CMD, whose start the region outlives.
        if kind == "create -- CMD" and result.returncode == 127 and said.startswith("true: "):
            continue
        if not 0 <= result.returncode < 128 or result.returncode == 70:
            wrong.append("ended by a signal or a defect: " + where)
        elif result.returncode == 0 and now != after and kind not in ("fill",):
            wrong.append("status 0 and not done: " + where)
        elif result.returncode != 0 and now != before and not SAID.search(
                said + result.stdout.decode()):
            wrong.append("changed and not said: " + where)
    clean()
    print("\n".join(wrong) or f"{min(RUNS, len(points))} of {len(points)} points, seed {SEED}")
    sys.exit(1 if wrong else 0)


main()
