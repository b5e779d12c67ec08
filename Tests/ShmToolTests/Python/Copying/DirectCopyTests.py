import json
import os
import subprocess

from copying import bad, digest, good, libc, random
from direct import cached, F, uncache, write
from faults import sound, traced
from support import N, P, T


def test_ends(in_file, in_region, length):
    inside, place, length = int(in_file), int(in_region), int(length)
    content = random(inside + length)
    write(content)
    report = json.loads(good(
        "copy", f"file:{F}@{inside}", f"{N}@{place}", "--direct", "--verify", "--json",
        "--length", str(length)).stdout)
    assert report["direct"]["into_pages"] == ((inside - place) % 4096 == 0), report
    assert report["direct"]["by"] == "threads" and report["equal"], report
    region = open(P, "rb").read()
    assert digest(region[place:place + length]) == digest(content[inside:])
    assert not any(region[:place]) and not any(region[place + length:place + length + 70000])
    # And back, between bytes that stay.
    write(b"x" * (inside + length + 50))
    good("copy", f"{N}@{place}", f"file:{F}@{inside}", "--direct", "--verify", "--length",
         str(length))
    back = open(F, "rb").read()
    assert back == b"x" * inside + content[inside:] + b"x" * 50
    # A new file and a longer file both end with the copy.
    if inside == 0:
        good("copy", f"{N}@{place}", f"file:{F}", "--direct", "--length", str(length))
        assert open(F, "rb").read() == content
        os.unlink(F)
        good("copy", f"{N}@{place}", f"file:{F}", "--direct", "--length", str(length))
        assert open(F, "rb").read() == content


def test_cache():
    size = (32 << 20) - 77
    write(random(size))
    uncache()
    assert cached() == 0, cached()
    good("copy", f"file:{F}", N, "--direct")
    assert cached() == 0, cached()
    assert digest(open(P, "rb").read()[:size]) == digest(open(F, "rb").read())
    uncache()
    # A tail that fills no block as well.
    good("copy", N, f"file:{F}", "--direct", "--length", str(size))
    assert cached() == 0, cached()
    good("remove", N)
    good("create", N, "--from", F, "--direct")
    assert cached() == 0, cached()
    assert digest(open(P, "rb").read()) == digest(open(F, "rb").read())
    uncache()
    good("copy", f"file:{F}", N)
    assert cached() > 8000, cached()


def test_create():
    content = random(3_000_001)
    write(content)
    result = good("create", N, "4M", "--from", F, "--direct", "--json")
    report = json.loads(result.stdout)
    assert report["direct"] == {
        "by": "threads", "requests": 1, "request_size": 16 << 20, "block_size": 4096,
        "into_pages": True} or os.geteuid() != 0, report
    assert open(P, "rb").read() == content + bytes((4 << 20) - len(content))
    good("remove", N)
    bad(65, "create", N, "1M", "--from", F, "--direct")
    write(b"")
    report = bad(65, "create", N, "--from", F, "--direct")
    assert "the input is empty" in report.error, report.error
    bad(64, "create", N, "--from", "-", "--direct")
    bad(64, "create", N, "4K", "--direct")
    bad(66, "create", N, "--from", F + "-none", "--direct")
    bad(65, "create", N, "--from", "/dev/zero", "--direct")
    assert not os.path.exists(P)


def test_limits():
    import resource
    write(random(8 << 20))
    os.chmod(F, 0o644)
    def limited(size):
        def enter():
            resource.setrlimit(resource.RLIMIT_MEMLOCK, (size, size))
            # CAP_IPC_LOCK lifts the limit.
            libc.prctl(24, 14, 0, 0, 0)
            if os.geteuid() == 0:
                os.setgroups([])
                os.setgid(65534)
                os.setuid(65534)
        return enter
    file = os.open(T, os.O_RDONLY)
    os.set_inheritable(file, True)
    def run_limited(size, *words):
        return subprocess.run([f"/proc/self/fd/{file}", *words], preexec_fn=limited(size),
                              capture_output=True, close_fds=False)
    words = ["copy", f"file:{F}", N, "--direct", "--json"]
    result = run_limited(1 << 16, *words)
    assert result.returncode == 78, result
    assert b"cannot wire" in result.stderr and b"the memlock limit is 64 KiB" in result.stderr
    assert json.loads(result.stdout)["length"] == 0
    # With the limit that most systems have it takes smaller requests, and fewer with less.
    for size, requests in ((8 << 20, 4), (5 << 20, 2), (2 << 20, 1)):
        result = run_limited(size, *words)
        assert result.returncode == 0, result
        direct = json.loads(result.stdout)["direct"]
        assert (direct["requests"], direct["request_size"]) == (requests, 2 << 20), direct
    assert digest(open(P, "rb").read()) == digest(open(F, "rb").read())
    # Through a buffer nothing is wired.
    result = run_limited(1 << 16, "copy", f"file:{F}@1", N, "--direct")
    assert result.returncode == 0, result


def test_refused():
    write(b"x" * 65536)
    for words, code, sentence in (
            ((f"file:{P}", N), 65, "the two ranges overlap"),
            ((N, "file:/dev/shm/" + N + "-out"), 71, "it lies on a tmpfs, in memory, without a device"),
            ((N, "-"), 64, "direct I/O copies only between a region and a file or a block device"),
            (("file:/dev/zero", N, "--length", "5"), 64, "direct I/O copies only between a region and a file or a block device"),
            ((N, f"{os.getpid()}@0x1000"), 64, "direct I/O copies only between a region and a file or a block device"),
            ((f"file:{F}", f"file:{F}.2"), 64, "direct I/O copies only between a region and a file or a block device")):
        report = bad(code, "copy", *words, "--direct")
        assert sentence in report.error, report.error
        assert not os.path.exists(P + "-out") and not os.path.exists(F + ".2")
    assert open(P, "rb").read() == bytes(65536)


def test_injected(injection, code, sentence):
    content = random(80 << 20)
    write(content)
    # Only calls that concern the file are looked at; it is opened for its size, then directly. They
    # are counted by threads, and one of four has a second of five requests.
    injection = injection.replace("openat:error=EINVAL", "openat:error=EINVAL:when=2")
    result = sound(traced(injection, "copy", f"file:{F}", N, "--direct", "--json", path=F))
    assert result.returncode == int(code), result
    assert sentence.encode() in result.stderr, result
    if result.stdout:
        report = json.loads(result.stdout)
        certain = report["length"]
        assert open(P, "rb").read()[:certain] == content[:certain], certain
        assert (certain == len(content)) == (result.returncode == 0), report
        assert result.returncode == 0 or f"{certain} of {len(content)} bytes" in report["error"]["message"]
