"""A process in a place with the marks of a service manager, a container engine or a scheduler."""
import fcntl
import json
import os
import re
import resource
import subprocess

from support import plain_root, T
from wiring import K, libc

# A process in a place that shows the marks of a service manager, a container engine or a scheduler: its
# own root directory, control groups, environment, uid map and kernel release, in a mount namespace.
KIB = 64
GROUPS = {
    "system": "/system.slice/db.service",
    "user": "/user.slice/user-1000.slice/user@1000.service/app.slice/mpd.service",
    "desktop": "/user.slice/user-1000.slice/user@1000.service/app.slice/vte-spawn-7.scope",
    "session": "/user.slice/user-1000.slice/session-3.scope",
    "cron": "/system.slice/cron.service",
    "docker": "/system.slice/docker-0a.scope",
    "nerdctl": "/system.slice/nerdctl-0a.scope",
    "libpod": "/machine.slice/libpod-0a.scope/container",
    "rootless": "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-0a.scope/container",
    "pod": "/kubepods.slice/kubepods-pod1.slice/cri-containerd-0a.scope",
    "crio": "/kubepods.slice/kubepods-pod1.slice/crio-0a.scope",
    "crio_alone": "/machine.slice/crio-0a.scope",
    "lxc": "/lxc.payload.web/init.scope",
    "ecs": "/ecs/0a/0b",
    "slurm": "/system.slice/slurmstepd.scope/job_5/step_0/user/task_0",
    "none": "/",
}
TOKEN = "/run/secrets/kubernetes.io/serviceaccount/token"


# What is done in the child before the tool is started there. `also` comes last but the user's change.
def entering(group="none", files=(), kernel=None, init=b"", map=None, terminal=None, limit=4 * K,
          hard=None, user=0, granted=False, also=lambda: None):
    def prepare():
        try:
            os.setsid()
        except OSError:
            pass
        if terminal:
            fcntl.ioctl(terminal, 0x540E, 0)  # TIOCSCTTY
        plain_root()

        def mount(*words):
            subprocess.run(["mount", *words], check=True)

        def bind(path, content):
            with open("/run/bound", "wb") as file:
                file.write(content)
            mount("--bind", "/run/bound", path)
            os.unlink("/run/bound")

        mount("-t", "tmpfs", "tmpfs", "/run")
        for path in files:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            open(path, "w").close()
        own = f"/proc/{os.getpid()}"
        bind("/proc/1/environ", init)
        bind(own + "/cgroup", f"0::{GROUPS.get(group, group)}\n".encode())
        # In the same control groups, the parent process would have lowered the limit.
        bind(f"/proc/{os.getppid()}/cgroup", b"0::/outside\n")
        if kernel:
            bind("/proc/sys/kernel/osrelease", kernel.encode() + b"\n")
        if map:
            bind(own + "/uid_map", map.encode() + b"\n")
        also()
        resource.setrlimit(resource.RLIMIT_MEMLOCK, (limit, limit if hard is None else hard))
        if not granted:
            assert libc.prctl(24, 14, 0, 0, 0) == 0, "cannot drop CAP_IPC_LOCK"
        if user:
            os.setgroups([])
            os.setgid(user)
            os.setuid(user)
    return prepare


# The tool at such a place. The way to the binary may be closed to other users: it comes as an open file.
def at(words, env=None, terminal=False, program=T, **place):
    binary = os.open(program, os.O_RDONLY)
    # The terminal hangs up when nothing has its other end open.
    ends = os.openpty()
    place["terminal"] = ends[1] if terminal else None
    try:
        return subprocess.run(
            [program, *words], executable=f"/proc/self/fd/{binary}", capture_output=True, timeout=60,
            stdin=subprocess.DEVNULL, pass_fds=[binary], preexec_fn=entering(**place),
            env={"PATH": os.environ["PATH"], **(env or {})})
    finally:
        for descriptor in (binary, *ends):
            os.close(descriptor)


# What `limits --need` says there: the same as text and as JSON.
def told(need=f"{KIB}K", env=None, **place):
    text = at(["limits", "--need", need], env, **place)
    found = at(["limits", "--need", need, "--json"], env, **place)
    assert text.returncode == found.returncode == 1, (text, found)
    found = json.loads(found.stdout)
    assert found["answer"]["hint"] == found["hint"], found
    last = text.stdout.decode().splitlines()[-1]
    assert last.endswith("; " + found["hint"]), (last, found["hint"])
    row = re.search("^environment +(.*)$", text.stdout.decode(), re.M)
    assert row and row[1].startswith(found["environment"]), (row, found["environment"])
    return found


# The whole advice of a place, the names of the layers, and the marks, each with what it points to.
def check(advice, places, marks, env=None, **place):
    found = told(env=env, **place)
    assert found["hint"] == advice, f"\n{found['hint']}\n{advice}"
    assert found["environments"] == places, found["environments"]
    assert [entry["mark"] for entry in found["evidence"]] == marks, found["evidence"]
    return found
