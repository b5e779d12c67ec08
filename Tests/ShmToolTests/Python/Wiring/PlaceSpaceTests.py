import json
import os
import re
import resource
import subprocess
import tempfile

from place import at, TOKEN, told
from support import N, run, T
from wiring import Group, K, libc, M, refused


def test_shared_memory():
    def small():
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1M", "tmpfs", "/dev/shm"], check=True)
    remount = "as root: 'mount -o remount,size=8M /dev/shm'"
    general = "enlarge the tmpfs at /dev/shm to 8388608 bytes (its mount option size=)"
    docker = "start the container with --shm-size=8m"
    for advice, place in [
            (remount, {}), (remount, {"group": "session"}), (remount, {"group": "system"}),
            (f"this looks like a Docker container (/.dockerenv): {docker} (compose: 'shm_size: 8m')",
             {"files": ["/.dockerenv"]}),
            # Not the service, but the container around it has the mount.
            (f"this looks like a Docker container (/.dockerenv): {docker} (compose: 'shm_size: 8m')",
             {"files": ["/.dockerenv"], "group": "system"}),
            (f"this looks like a Podman container (/run/.containerenv): {docker}",
             {"files": ["/run/.containerenv"]}),
            (f"this looks like a Kubernetes pod ({TOKEN}): mount a volume 'emptyDir: {{medium: Memory, "
             "sizeLimit: 8Mi}' at /dev/shm of the container", {"files": [TOKEN]}),
            ("on the node, as root: 'mount -o remount,size=8M /dev/shm'",
             {"env": {"SLURM_JOB_ID": "5"}}),
            (general, {"map": "0 1000 1"}),
            (general + " (the environment is unknown, because its marks contradict each other (/.dockerenv: a "
             "Docker container; /run/.containerenv: a Podman container))",
             {"files": ["/.dockerenv", "/run/.containerenv"]})]:
        result = at(["create", "shmtool-test", "8M"], also=small, **place)
        assert result.returncode == 79 and result.stderr.decode() == (
            "shmtool: cannot create 'shmtool-test': needs 8 MiB, but /dev/shm has 1 MiB free of 1 MiB; "
            f"{advice}\n"), (advice, result)
        result = at(["limits", "--room", "8M", "--json"], also=small, **place)
        found = json.loads(result.stdout)
        assert result.returncode == 1 and found["hint"] == advice, (advice, found["hint"])
        assert found["room"]["answer"]["hint"] == advice, found


def test_errors():
    for place in ({"files": [TOKEN]}, {"group": "system"}, {"group": "session"}, {}):
        found = told(**place)
        result = at(["wire", N], **place)
        text = refused(result, 78, f"cannot wire 64 KiB of '{N}': the memlock limit is 4 KiB")
        assert text.endswith("hard 4 KiB); " + found["hint"] + "\n"), (text, found["hint"])
        assert "pid 0" not in text and "USER" not in text, text
    # In a separate PID namespace its parent has no number.
    result = at(["-c", 'exec unshare -pf --mount-proc "$0" limits --need 64K', T], terminal=True,
                program="/bin/sh")
    assert result.returncode == 1, result
    advice = result.stdout.decode().splitlines()[-1].split("; ", 1)[1]
    assert advice.startswith("this looks like a login session (a terminal): as root: add the line "), advice
    assert "prlimit" not in advice and "pid" not in advice, advice


def test_namespace():
    # Real namespaces: the kernel makes no user namespace in another root directory.
    start = "capabilities have no effect in this user namespace (uid map 0 0 1): "
    def service():
        assert libc.unshare(0x20000) == 0
        subprocess.run(["mount", "--make-rprivate", "/"], check=True)
        with tempfile.NamedTemporaryFile() as file:
            file.write(b"0::/system.slice/db.service\n")
            file.flush()
            subprocess.run(
                ["mount", "--bind", file.name, f"/proc/{os.getpid()}/cgroup"], check=True)
        resource.setrlimit(resource.RLIMIT_MEMLOCK, (4 * K, 4 * K))
    for prepare, words in [
            (lambda: resource.setrlimit(resource.RLIMIT_MEMLOCK, (4 * K, 4 * K)),
             "raise the hard memlock limit to 65536 bytes "),
            (service,
             "this looks like the system service db.service (control group /system.slice/db.service): "
             "set LimitMEMLOCK=65536 with 'systemctl edit db.service', then 'systemctl restart "
             "db.service'")]:
        result = subprocess.run(
            ["unshare", "-Urm", T, "limits", "--need", "64K", "--json"], capture_output=True,
            preexec_fn=prepare, timeout=60)
        found = json.loads(result.stdout)
        assert result.returncode == 1 and found["hint"].startswith(start + words), found["hint"]
        assert "IPC_LOCK" not in found["hint"], found["hint"]
        assert found["cap_ipc_lock"] is True and found["initial_user_namespace"] is False, found
        assert "uid map 0 0 1" in [entry["mark"] for entry in found["evidence"]], found
        assert "user_namespace" in found["environments"], found
        # The same in the error of a command that wires.
        error = subprocess.run(
            ["unshare", "-Urm", T, "create", "--wired", f"shmtool-test-{os.getpid()}", "64K"],
            capture_output=True, preexec_fn=prepare, timeout=60)
        assert error.returncode == 78 and (start + words).encode() in error.stderr, error


def test_groups():
    own = f"shmtool-test-{os.getpid()}"
    for name, words in [
            (own + ".service", f"as root: 'systemctl set-property {own}.service MemoryMax=[0-9]+'$"),
            (own + ".slice", f"as root: 'systemctl set-property {own}.slice MemoryMax=[0-9]+'$"),
            ("docker-" + own, f"a Docker container \\(control group /docker-{own}\\): start the container "
             "with --memory=([0-9]+), or 'docker update --memory=[0-9]+ CONTAINER'$"),
            (own, f"raise memory[a-z._]+ of control group /{own} to [0-9]+ bytes$")]:
        with Group(64 * M, name) as group:
            result = run("limits", "--need", "128M", "--json", preexec_fn=group.enter())
            advice = json.loads(result.stdout)["hint"]
            assert result.returncode == 1 and re.search(words, advice), (words, advice)
            needed = int(re.search("=([0-9]+)|to ([0-9]+)", advice)[0].strip("=to "))
            assert 128 * M <= needed < 200 * M, advice
