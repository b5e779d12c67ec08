"""What all tests in Python use: the tool as a process, and what is known of a process."""
import atexit
import ctypes
import os
import select
import signal
import stat
import subprocess
import sys
import time

T = os.environ["SHMTOOL"]
N = sys.argv[1]
P = "/dev/shm/" + N


def run(*words, **options):
    options.setdefault("stdin", subprocess.DEVNULL) if "input" not in options else None
    if "user" not in options:
        return subprocess.run([T, *words], capture_output=True, timeout=60, **options)
    # The directories above the program may be closed to the other user, so the program is an open file.
    with open(T, "rb") as file:
        return subprocess.run([T, *words], executable=f"/proc/self/fd/{file.fileno()}", pass_fds=[file.fileno()],
                              capture_output=True, timeout=60, **options)


started = []


def start(*words, **options):
    options.setdefault("stdin", subprocess.DEVNULL)
    started.append(subprocess.Popen(
        [T, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0, **options))
    return started[-1]


def end_all():
    for process in started:
        if process.poll() is None:
            process.kill()
            process.wait()


atexit.register(end_all)


def line(stream):
    assert select.select([stream], [], [], 30)[0], "nothing came in 30 s"
    return stream.readline().decode()


def stop(process, number=signal.SIGTERM):
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    return process.returncode, out.decode(), err.decode()


def wired(process):
    for text in open(f"/proc/{process}/status"):
        if text.startswith("VmLck:"):
            return int(text.split()[1]) * 1024


def until(condition):
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, "it has not come about in 30 s"
        time.sleep(0.005)


def freeze(pid):
    # A signal is pending at once, but the process stops when it next runs.
    os.kill(pid, signal.SIGSTOP)
    until(lambda: open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[0] == "T")


# A root directory with what is in the machine's, except the marks of a container, for this process
# and what it starts. What is mounted then is mounted for these alone.
def plain_root(without=(".dockerenv",)):
    library = ctypes.CDLL(None, use_errno=True)
    assert library.unshare(0x20000) == 0, os.strerror(ctypes.get_errno())
    names = [name for name in os.listdir("/") if name not in without]
    def mount(*words):
        subprocess.run(["mount", *words], check=True)
    mount("--make-rprivate", "/")
    mount("-t", "tmpfs", "tmpfs", "/mnt")
    for name in names:
        kind = os.lstat("/" + name).st_mode
        if stat.S_ISLNK(kind):
            os.symlink(os.readlink("/" + name), "/mnt/" + name)
        elif stat.S_ISDIR(kind):
            os.mkdir("/mnt/" + name)
            if name != "mnt":
                mount("--rbind", "/" + name, "/mnt/" + name)
        else:
            open("/mnt/" + name, "w").close()
            mount("--bind", "/" + name, "/mnt/" + name)
    # Not chroot: a process below one may make no user namespaces.
    here = os.getcwd()
    os.mkdir("/mnt/.old")
    subprocess.run(["pivot_root", "/mnt", "/mnt/.old"], check=True)
    os.chdir(here)
    subprocess.run(["umount", "-l", "/.old"], check=True)
    os.rmdir("/.old")


def allocated(path):
    return os.stat(path).st_blocks * 512
