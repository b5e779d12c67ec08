"""System calls that fail, a sandbox that refuses them, and a /dev/shm of the test's own."""
import collections
import ctypes
import errno
import os
import platform
import re
import struct
import subprocess
import tempfile

from support import plain_root, T

C = ctypes.CDLL(None, use_errno=True)


# A /dev/shm that nobody else sees, gone when the script ends, on a machine that shows no mark of a
# container.
def private(*words):
    plain_root()
    mount(*words)


def mount(*words):
    subprocess.run(["mount", *words], check=True)


def free():
    room = os.statvfs("/dev/shm")
    return room.f_bfree, room.f_ffree


# The tool where calls fail or kill, as strace's inject= has it; `path` limits it to the calls
# that this path concerns.
def traced(injections, *words, path=None, **options):
    options.setdefault("stdin", subprocess.DEVNULL) if "input" not in options else None
    command = ["timeout", "-s", "KILL", "30", "strace", "-f", "-qq", "-o", "/dev/null"]
    command += [] if path is None else ["-P", path]
    for injection in [injections] if type(injections) is str else injections:
        command += ["-e", "inject=" + injection]
    return subprocess.run([*command, T, *words], capture_output=True, timeout=60, **options)


# The calls that the tool makes from its first own one on: a name, and which of that name.
def calls(*words, injections=(), **options):
    options.setdefault("stdin", subprocess.DEVNULL) if "input" not in options else None
    with tempfile.NamedTemporaryFile("r", errors="replace") as log:
        command = ["strace", "-f", "-qq", "-o", log.name]
        for injection in injections:
            command += ["-e", "inject=" + injection]
        subprocess.run([*command, T, *words], capture_output=True, timeout=60, **options)
        counts, found, begun = collections.Counter(), [], False
        for text in log:
            match = re.match(r"\d+ +(\w+)\(", text)
            if match:
                counts[match[1]] += 1
                begun = begun or "SIGXFSZ" in text
                found += [(match[1], counts[match[1]])] if begun else []
    assert len(found) > 10, found
    return found


# A preexec_fn after which calls fail, as a sandbox makes them: seccomp(2), for every user.
NUMBERS = {
    "x86_64": dict(
        memfd_create=319, mlock=149, mlock2=325, cachestat=451, linkat=265, fallocate=285,
        signalfd4=289, pidfd_open=434, inotify_init1=294, inotify_add_watch=254,
        process_vm_readv=310, process_vm_writev=311, mincore=27, madvise=28, statx=332,
        prlimit64=302, openat=257, ioctl=16, vfork=58),
    "aarch64": dict(
        memfd_create=279, mlock=228, mlock2=284, cachestat=451, linkat=37, fallocate=47,
        signalfd4=74, pidfd_open=434, inotify_init1=26, inotify_add_watch=27,
        process_vm_readv=270, process_vm_writev=271, mincore=232, madvise=233, statx=291,
        prlimit64=261, openat=56, ioctl=29),
}.get(platform.machine(), {})


# An instruction of a filter. seccomp(2), bpf(2)
def instruction(code, yes, no, value):
    return struct.pack("HBBI", code, yes, no, value)


# Enters a sandbox whose filter has these instructions, before the program starts.
def sandbox(program):
    text = ctypes.create_string_buffer(b"".join(program))
    filter = struct.pack("HxxxxxxP", len(program), ctypes.addressof(text))
    def enter(text=text):
        assert C.prctl(38, 1, 0, 0, 0) == 0 and C.prctl(22, 2, filter, 0, 0) == 0
    return enter


def refuse(number, *names, tmpfile=False):
    answer = instruction(0x06, 0, 0, 0x00050000 | number)
    program = [instruction(0x20, 0, 0, 0)]
    for name in names:
        program += [instruction(0x15, 0, 1, NUMBERS[name]), answer]
    if tmpfile:
        # The flags of openat, of which this one is O_TMPFILE's own.
        program += [instruction(0x15, 0, 3, NUMBERS["openat"]), instruction(0x20, 0, 0, 32),
                    instruction(0x45, 0, 1, 0x400000), answer]
    return sandbox([*program, instruction(0x06, 0, 0, 0x7fff0000)])


# memfd_create without MFD_NOEXEC_SEAL fails, as in Linux 6.3 to 6.5 with vm.memfd_noexec = 2.
def refuse_executable():
    return sandbox([
        instruction(0x20, 0, 0, 0), instruction(0x15, 0, 3, NUMBERS["memfd_create"]), instruction(0x20, 0, 0, 24),
        instruction(0x45, 1, 0, 0x8), instruction(0x06, 0, 0, 0x00050000 | errno.EACCES),
        instruction(0x06, 0, 0, 0x7fff0000)])


# Neither a signal nor a defect of the program, and one sentence if it failed.
def sound(result, *context):
    assert 0 <= result.returncode <= 126 and result.returncode != 70, (result, *context)
    if result.returncode > 1:
        assert result.stderr.startswith(b"shmtool: ") or b"\nshmtool: " in result.stderr, (
            result, *context)
    return result
