import errno
import json
import os
import re
import stat
import time

from faults import NUMBERS, refuse, refuse_executable, sound
from support import allocated, N, P, run, start


def test_fallback(error, call):
    number = getattr(errno, error)
    assert NUMBERS, "the numbers of this machine's calls are not known to the test"
    if call == "O_TMPFILE":
        number = errno.EOPNOTSUPP if number == errno.ENOSYS else number
        enter = refuse(number, tmpfile=True)
    else:
        enter = refuse(number, call)
    def good(*words, **options):
        result = run(*words, preexec_fn=enter, **options)
        assert result.returncode == 0, (words, result)
        return result.stdout
    good("create", N, "--from", "-", "--mode", "640", input=b"hello" * 3000)
    assert open(P, "rb").read() == b"hello" * 3000
    assert stat.S_IMODE(os.stat(P).st_mode) == 0o640
    assert run("create", N, "4K", preexec_fn=enter).returncode == 73
    good("remove", N)
    good("create", N, "64K")
    assert allocated(P) == 65536
    good("fill", N, "--random", "--threads", "2")
    good("verify", N, "--random", "--threads", "2")
    assert good("read", N) == open(P, "rb").read()
    good("write", N, input=b"hello")
    good("resize", N, "128K")
    good("map", N, "--", "true")
    [region] = json.loads(good("inspect", N, "--json"))["regions"]
    assert region["size"] == 131072, region
    assert region["pages"]["allocated"] in (131072, None), region
    good("wait", N, "--size", "128K", "--timeout", "5s")
    if call != "prlimit64":
        process = start("wait", N, "--removed", "--timeout", "30s", preexec_fn=enter)
        time.sleep(0.05)
        os.unlink(P)
        assert process.wait(30) == 0, process.communicate()


def test_clear(error, call):
    number = getattr(errno, error)
    assert NUMBERS, "the numbers of this machine's calls are not known to the test"
    enter = refuse(number, call)
    must_fail = {
        "memfd_create": [["map", "--anonymous", "64K", "--", "true"]],
        "fallocate": [["create", N + "-x", "64K"], ["create", N + "-x", "--from", "-"],
                      ["resize", N, "128K"]],
        "mlock": [["wire", N, "--for", "10ms"]],
    }.get(call, [])
    before = set(os.listdir("/dev/shm"))
    for words in must_fail:
        result = sound(run(*words, preexec_fn=enter, input=b"x"), words)
        assert result.returncode in (71, 77, 78), (words, result)
        told = result.stderr.decode()
        assert re.search("not permitted|not implemented|not supported|sandbox|limit", told), told
        assert not re.search(r"error \d", told), told
    for words in (["create", N + "-y", "4K", "--sparse"], ["remove", N + "-y"], ["inspect", N],
                  ["inspect", N, "--json"], ["list", "--json"], ["read", N], ["write", N],
                  ["fill", N, "--zero"], ["verify", N, "--zero"], ["map", N, "--", "true"],
                  ["wire", N, "--for", "10ms"], ["limits"], ["limits", "--json"],
                  ["wait", N, "--timeout", "10ms"], ["remove", "--unused", N + "-none"]):
        result = sound(run(*words, preexec_fn=enter), call, words)
        if "--json" in words and result.stdout:
            assert json.loads(result.stdout)["schema"] == 2
    assert not os.path.exists(P + "-x") and not os.path.exists(P + "-y")
    assert os.stat(P).st_size == 65536


def test_executable():
    def works(**options):
        result = run("map", "--anonymous", "64K", "--", "true", **options)
        assert result.returncode == 0, result
        receiver = start("recv", N, "--timeout", "30s", **options)
        result = run("send", N, "--timeout", "30s", input=b"hello", **options)
        output, error = receiver.communicate(timeout=60)
        assert (result.returncode, receiver.returncode, output) == (0, 0, b"hello"), (result, error)
    assert NUMBERS, "the numbers of this machine's calls are not known to the test"
    works(preexec_fn=refuse_executable())
    # The setting belongs to the PID namespace, which is that of this test if the test is the first process there.
    setting = "/proc/sys/vm/memfd_noexec"
    if os.getppid() == 0 and os.access(setting, os.W_OK):
        for value in "12"[max(0, int(open(setting).read()) - 1):]:
            with open(setting, "w") as file:
                file.write(value)
            assert open(setting).read().strip() == value
            works()
