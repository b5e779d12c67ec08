import ctypes
import json
import os
import platform
import re
import resource
import struct
import subprocess

from support import N, run, T, until
from wiring import K, libc, limited, refused


# A filter of system calls that answers mlock and mlock2 with an error number, or ends the process.
CALLS = {"x86_64": (149, 325), "aarch64": (228, 284)}[platform.machine()]


def filtered(action, calls=CALLS, also=lambda: None):
    def step(code, yes, no, value):
        return struct.pack("HBBI", code, yes, no, value)
    program = [step(0x20, 0, 0, 0)]
    for number in calls:
        program += [step(0x15, 0, 1, number), step(0x06, 0, 0, action)]
    program += [step(0x06, 0, 0, 0x7fff0000)]
    text = ctypes.create_string_buffer(b"".join(program))
    filter = struct.pack("HxxxxxxP", len(program), ctypes.addressof(text))
    def prepare(text=text):
        also()
        assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, filter, 0, 0) == 0
    return prepare


KILL, ERROR = 0x80000000, 0x00050000


def test_namespace():
    def prepare():
        resource.setrlimit(resource.RLIMIT_MEMLOCK, (64 * K, 64 * K))
    for options in (["-Ur"], ["-U"]):
        other = subprocess.Popen(["unshare", *options, "sleep", "60"], preexec_fn=prepare)
        try:
            own = os.readlink("/proc/self/ns/user")
            until(lambda: os.readlink(f"/proc/{other.pid}/ns/user") != own
                  and open(f"/proc/{other.pid}/comm").read() == "sleep\n")
            binary = os.open(T, os.O_RDONLY)
            def stranger(*words):
                return subprocess.run(
                    ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups",
                     f"/proc/self/fd/{binary}", "limits", "--pid", str(other.pid), *words],
                    capture_output=True, timeout=60, pass_fds=[binary], stdin=subprocess.DEVNULL)
            capable = "-Ur" in options
            for need in ("65537", "1M", "1G"):
                result = stranger("--need", need)
                text = result.stdout.decode()
                if not capable:
                    assert result.returncode == 1 and "limited by the memlock limit" in text, result
                    continue
                assert result.returncode == 2, result
                words = f"the user namespace of process {other.pid} cannot be read (its uid map is "
                assert " more can be wired is unknown: " + words in text, text
                assert f"can be wired now: unknown ({words}" in text, text
                assert "the memlock limit leaves 64 KiB" in text and "can be wired\n" not in text
                found = json.loads(stranger("--need", need, "--json").stdout)
                assert found["answer"]["possible"] is None and found["available"] is None, found
                assert found["initial_user_namespace"] is None, found
                assert len(found["unknown"]) == 1 and words in found["unknown"][0], found
                assert stranger("--need", need, "-q").returncode == 2
            # A size below the limit is possible in every namespace, and a size beyond the memory in no namespace.
            assert stranger("--need", "64K").returncode == 0
            assert stranger("--need", "1024T").returncode == 1
            # Who may read the namespace gets an answer.
            result = run("limits", "--pid", str(other.pid), "--need", "1G")
            assert result.returncode == 1, result
            assert b"capabilities have no effect in this user namespace" in result.stdout, result
        finally:
            other.kill()
            other.wait()


def test_filtered():
    for action in (ERROR | 1, ERROR | 38, ERROR | 13, ERROR | 12, KILL):
        for calls in (CALLS, CALLS[:1]):
            prepare = filtered(action, calls)
            text = refused(run("wire", N, "--for", "0", preexec_fn=prepare), 77,
                           "a system call filter (seccomp) ", "a higher limit does not help; ")
            assert re.search("mlock|memlock", text), text
            for words in ([], ["--probe"]):
                result = run("limits", *words, preexec_fn=prepare)
                told = result.stdout.decode()
                assert result.returncode == 0, result
                assert "can be wired now: 0 B, limited by a system call filter" in told, told
                assert "nothing can be wired: mlock is refused, whatever the limits are; a higher " in told
                result = run("limits", *words, "--need", "4K", "--json", preexec_fn=prepare)
                found = json.loads(result.stdout)
                assert result.returncode == 1 and found["answer"]["possible"] is False, found
                assert (found["available"], found["answer"]["refused_by"]) == (
                    0, "a system call filter (seccomp)"), found
                assert found["hint"].startswith("a higher limit does not help; "), found
                probed = {"unlimited": False, "bytes": 0} if words else None
                assert found["probed"] == probed, found
    # A filter that lets mlock pass decides nothing.
    result = run("limits", "--need", "4K", preexec_fn=filtered(ERROR | 1, [999]))
    assert result.returncode == 0, result
    # Of mlock2 alone: the trial cannot be made, and wiring works.
    prepare = filtered(ERROR | 1, CALLS[1:])
    refused(run("limits", "--probe", preexec_fn=prepare), 71, "a system call filter refuses mlock2")
    assert run("wire", N, "--for", "0", preexec_fn=prepare).returncode == 0
    # A limit of 0 is what it is.
    result = run("limits", "--probe", "--need", "4K",
                 preexec_fn=filtered(ERROR | 1, [999], also=limited(0)))
    assert result.returncode == 1 and b"limited by the memlock limit" in result.stdout, result


def test_filtered_other():
    other = subprocess.Popen(["sleep", "60"], preexec_fn=filtered(ERROR | 1))
    try:
        until(lambda: open(f"/proc/{other.pid}/comm").read() == "sleep\n")
        result = run("limits", "--pid", str(other.pid), "--need", "4K")
        assert result.returncode == 2, result
        assert b"it is not visible whether it refuses mlock" in result.stdout, result
    finally:
        other.kill()
        other.wait()
