import os

from place import check, GROUPS, TOKEN
from wiring import M


def test_system_service():
    group = "control group /system.slice/db.service"
    check(f"this looks like the system service db.service ({group}): set LimitMEMLOCK=65536 with "
          "'systemctl edit db.service', then 'systemctl restart db.service'",
          ["system_service"], [group], group="system")
    # The soft limit of a service is its unit's as well.
    check(f"this looks like the system service db.service ({group}): set LimitMEMLOCK=65536 with "
          "'systemctl edit db.service', then 'systemctl restart db.service'",
          ["system_service"], ["INVOCATION_ID", group], group="system", hard=M,
          env={"INVOCATION_ID": "0a"})
    check("this looks like a system service (INVOCATION_ID): set LimitMEMLOCK=65536 in the unit that "
          "starts it, then restart the unit", ["system_service"], ["INVOCATION_ID"],
          env={"INVOCATION_ID": "0a"})
    group = "control group /system.slice/a b.service"
    check(f"this looks like the system service 'a b.service' ({group}): set LimitMEMLOCK=65536 with "
          "\"systemctl edit 'a b.service'\", then \"systemctl restart 'a b.service'\"",
          ["system_service"], [group], group="/system.slice/a b.service")
    # An instance of a template whose name was escaped by systemd-escape(1).
    group = r"control group /system.slice/wire@my\\x2dregion.service"
    check(rf"this looks like the system service 'wire@my\x2dregion.service' ({group}): set LimitMEMLOCK=65536 with "
          r'''"systemctl edit 'wire@my\x2dregion.service'", then "systemctl restart 'wire@my\x2dregion.service'"''',
          ["system_service"], [group], group=r"/system.slice/wire@my\x2dregion.service")


def test_user_units():
    group = "control group " + GROUPS["user"]
    check(f"this looks like the user service mpd.service ({group}): as root: set LimitMEMLOCK=65536 "
          "with 'systemctl edit user@1000.service', then end every session of the user and log in "
          "again, because the user's manager grants no more than its own limit; then set "
          "LimitMEMLOCK=65536 with 'systemctl --user edit mpd.service' and "
          "'systemctl --user restart mpd.service'", ["user_service"], [group], group="user")
    # Within the manager's limit the unit is enough.
    check(f"this looks like the user service mpd.service ({group}): set LimitMEMLOCK=65536 with "
          "'systemctl --user edit mpd.service', then 'systemctl --user restart mpd.service'",
          ["user_service"], [group], group="user", hard=M)
    group = "control group " + GROUPS["desktop"]
    found = check(
        f"this looks like a terminal or application of a desktop ({group}): as root: set "
        "LimitMEMLOCK=65536 with 'systemctl edit user@1000.service', then end every session of the "
        "user and log in again (limits.conf does not reach it), or as root, at once: "
        f"'prlimit --pid {os.getpid()} --memlock=65536:65536'",
        ["desktop"], [group, "a terminal"], group="desktop", terminal=True)
    assert found["environment"] == "a terminal or application of a desktop", found["environment"]


def test_login():
    group = "control group " + GROUPS["session"]
    pid = os.getpid()
    for user, name in [(0, "root"), (65534, "nobody"), (4711, "4711:4711")]:
        check(f"this looks like a login session ({group}): as root: add the line "
              f"'{name} - memlock 64' to a file in /etc/security/limits.d, then log in again, or as "
              f"root, at once: 'prlimit --pid {pid} --memlock=65536:65536'",
              ["login"], [group], group="session", user=user)
    check("raise the soft memlock limit with 'ulimit -S -l 64' in the shell that starts it",
          ["login"], [group], group="session", hard=M)
    found = check(
        "this looks like a login session (a terminal): as root: add the line 'root - memlock 64' to a "
        "file in /etc/security/limits.d, then log in again, or as root, at once: "
        f"'prlimit --pid {pid} --memlock=65536:65536'", ["login"], ["a terminal"], terminal=True)


def test_containers():
    docker = ("start the container with --ulimit memlock=65536:65536 (compose: 'ulimits: {memlock: "
              "{soft: 65536, hard: 65536}}')")
    root = ", or with --cap-add IPC_LOCK, as this process runs as root"
    other = "; --cap-add IPC_LOCK alone does not reach a process of user nobody"
    for marks, files, group in [(["/.dockerenv"], ["/.dockerenv"], "none"),
                                (["control group /docker/0a"], [], "/docker/0a"),
                                (["control group " + GROUPS["docker"]], [], "docker"),
                                (["/.dockerenv", "control group /docker/0a"], ["/.dockerenv"],
                                 "/docker/0a")]:
        start = f"this looks like a Docker container ({marks[-1]}): "
        check(start + docker + root, ["docker"], marks, files=files, group=group)
        check(start + docker + other, ["docker"], marks, files=files, group=group, user=65534)
    group = "control group " + GROUPS["nerdctl"]
    check(f"this looks like a container of nerdctl ({group}): " + docker + root, ["nerdctl"],
          [group], group="nerdctl")
    podman = ("start the container with --ulimit memlock=65536:65536, or set default_ulimits = "
              '["memlock=65536:65536"] in containers.conf and start it again')
    check("this looks like a Podman container (/run/.containerenv): " + podman + ", or start it with "
          "--cap-add IPC_LOCK, as this process runs as root", ["podman"], ["/run/.containerenv"],
          files=["/run/.containerenv"])
    group = "control group " + GROUPS["libpod"]
    check(f"this looks like a Podman container ({group}): {podman}{other}", ["podman"],
          ["/run/.containerenv", group], files=["/run/.containerenv"], group="libpod", user=65534)
    # The shell in a container may raise the soft limit.
    check("raise the soft memlock limit with 'ulimit -S -l 64' in the shell that starts it; or, as "
          "this looks like a Docker container (/.dockerenv): " + docker + root, ["docker"],
          ["/.dockerenv"], files=["/.dockerenv"], hard=M)


def test_kubernetes():
    def node(unit):
        return ("pods have no limits of this kind of their own: on the node, set LimitMEMLOCK=65536 "
                f"with 'systemctl edit {unit}', restart it, and start the pod again")
    either = node("containerd.service' or 'systemctl edit crio.service")
    root = (", or give the container securityContext.capabilities.add: [IPC_LOCK], as this process "
            "runs as root")
    reach = ("securityContext.capabilities.add: [IPC_LOCK] reaches processes that run as root or have "
             "it as a file capability, and this process runs as user nobody")
    start = "this looks like a Kubernetes pod "
    for mark, place, text in [
            (TOKEN, {"files": [TOKEN]}, either),
            ("KUBERNETES_SERVICE_HOST", {"env": {"KUBERNETES_SERVICE_HOST": "10.0.0.1"}}, either),
            ("control group " + GROUPS["pod"], {"group": "pod"}, node("containerd.service")),
            ("control group " + GROUPS["crio"], {"group": "crio"}, node("crio.service"))]:
        found = check(f"{start}({mark}): {text}{root}", ["kubernetes"], [mark], **place)
        check(f"{start}({mark}): {text}; {reach}", ["kubernetes"], [mark], user=65534, **place)
        assert "ulimit" not in found["hint"], found
    found = check(
        f"{start}({TOKEN}): {either}; IPC_LOCK is in the bounding set but not "
        f"effective: {reach}", ["kubernetes"], [TOKEN], files=[TOKEN], user=65534, granted=True)
    # The engine below leaves its marks in the pod.
    check(f"{start}({TOKEN}): {either}{root}", ["kubernetes"], ["/.dockerenv", TOKEN],
          files=["/.dockerenv", TOKEN])


def test_others():
    group = "control group " + GROUPS["crio_alone"]
    check(f'this looks like a container of CRI-O ({group}): on the node, set default_ulimits = '
          '["memlock=65536:65536"] in crio.conf, or LimitMEMLOCK=65536 with \'systemctl edit '
          'crio.service\'; restart crio.service and start the container again', ["crio"], [group],
          group="crio_alone")
    lxc = ("on the host, set lxc.prlimit.memlock = 65536 in the container's configuration (LXD and "
           "Incus: limits.kernel.memlock), then restart the container")
    group = "control group " + GROUPS["lxc"]
    check(f"this looks like a container of LXC ({group}): {lxc}", ["lxc"], [group], group="lxc")
    init = "container=lxc of process 1"
    check(f"this looks like a container of LXC ({init}): {lxc}", ["lxc"], [init],
          init=b"A=1\0container=lxc\0")
    group = "control group " + GROUPS["ecs"]
    check(f"this looks like a container of Amazon ECS ({group}): set 'ulimits: [{{name: memlock, "
          "softLimit: 65536, hardLimit: 65536}]' in the container definition of the ECS task "
          "definition, then start the task again", ["ecs"],
          ["/.dockerenv", "ECS_CONTAINER_METADATA_URI_V4", group], group="ecs",
          files=["/.dockerenv"], env={"ECS_CONTAINER_METADATA_URI_V4": "http://169.254.170.2/v4"})
    init = "container=flatpak of process 1"
    found = check("raise the memlock limit (RLIMIT_MEMLOCK) to 65536 bytes where this process is started",
                  ["container"], [init], init=b"container=flatpak\0")
    assert found["environment"] == "a container of flatpak", found
    slurm = ("on the node, as root: set LimitMEMLOCK=65536 with 'systemctl edit slurmd.service', then "
             "'systemctl restart slurmd.service', and PropagateResourceLimitsExcept=MEMLOCK in "
             "slurm.conf; then submit the job again (limits.conf has no effect)")
    check(f"this looks like a job of Slurm (SLURM_JOB_ID): {slurm}", ["slurm"], ["SLURM_JOB_ID"],
          env={"SLURM_JOB_ID": "5"})
    group = "control group " + GROUPS["slurm"]
    check(f"this looks like a job of Slurm ({group}): {slurm}", ["slurm"], [group], group="slurm")
    group = "control group " + GROUPS["cron"]
    check(f"this looks like a job of cron.service ({group}): as root: set LimitMEMLOCK=65536 with "
          "'systemctl edit cron.service', then 'systemctl restart cron.service'; if PAM sets the "
          "limits of jobs (pam_limits in /etc/pam.d), add the line 'root - memlock 64' to a file in "
          "/etc/security/limits.d instead", ["cron"], [group], group="cron")
    kernel = "5.15.90.1-microsoft-standard-WSL2"
    for more, marks in [({}, []), ({"terminal": True}, ["a terminal"]),
                        ({"group": "session"}, ["control group " + GROUPS["session"]])]:
        mark = marks[-1] if more.get("group") else "kernel " + kernel
        name = "a login session" if more.get("group") else "the Windows Subsystem for Linux"
        check(f"this looks like {name} ({mark}): as root: 'prlimit --pid {os.getpid()} "
              "--memlock=65536:65536' (limits.conf is not read for the first shell)",
              ["wsl", "login"] if more.get("group") else ["wsl"], ["kernel " + kernel, *marks],
              kernel=kernel, **more)


def test_user_namespaces():
    start = "capabilities have no effect in this user namespace (uid map 0 1000 1): "
    host = ("raise the hard memlock limit to 65536 bytes on the host for the user who starts the "
            "container, because the container cannot exceed it; then, as this looks like ")
    mark = "uid map 0 1000 1"
    group = "control group " + GROUPS["rootless"]
    for place, layers, marks, words in [
            ({}, [], [], "raise the hard memlock limit to 65536 bytes for the user who started it, "
             "outside of the namespace"),
            ({"group": "rootless"}, ["podman"], [group],
             host + f"a Podman container ({group}): start the container with --ulimit "
             'memlock=65536:65536, or set default_ulimits = ["memlock=65536:65536"] in '
             "containers.conf and start it again"),
            ({"files": ["/.dockerenv"]}, ["docker"], ["/.dockerenv"],
             host + "a Docker container (/.dockerenv): start the container with --ulimit "
             "memlock=65536:65536 (compose: 'ulimits: {memlock: {soft: 65536, hard: 65536}}')"),
            ({"group": "lxc"}, ["lxc"], ["control group " + GROUPS["lxc"]],
             host + "a container of LXC (control group " + GROUPS["lxc"] + "): on the host, set "
             "lxc.prlimit.memlock = 65536 in the container's configuration (LXD and Incus: "
             "limits.kernel.memlock), then restart the container"),
            ({"group": "pod"}, ["kubernetes"], ["control group " + GROUPS["pod"]],
             "this looks like a Kubernetes pod (control group " + GROUPS["pod"] + "): pods have no "
             "limits of this kind of their own: on the node, set LimitMEMLOCK=65536 with 'systemctl "
             "edit containerd.service', restart it, and start the pod again")]:
        for granted in (False, True):
            found = check(start + words, ["user_namespace", *layers], [mark, *marks], map="0 1000 1",
                          granted=granted, **place)
            assert "IPC_LOCK" not in found["hint"] and "cap" not in found["hint"].replace(
                "capabilities have no effect", ""), found


def test_unknown():
    general = "raise the memlock limit (RLIMIT_MEMLOCK) to 65536 bytes where this process is started"
    found = check(general + " (the environment is unknown: no marks were found)", [], [])
    assert (found["environment"], found["contradictory"]) == ("unknown", False), found
    session = "control group " + GROUPS["session"]
    for marks, words, place in [
            (["SLURM_JOB_ID", session],
             f"SLURM_JOB_ID: a job of Slurm; {session}: a login session",
             {"group": "session", "env": {"SLURM_JOB_ID": "5"}}),
            (["KUBERNETES_SERVICE_HOST", session],
             f"KUBERNETES_SERVICE_HOST: a Kubernetes pod; {session}: a login session",
             {"group": "session", "env": {"KUBERNETES_SERVICE_HOST": "10.0.0.1"}}),
            (["/.dockerenv", "/run/.containerenv"],
             "/.dockerenv: a Docker container; /run/.containerenv: a Podman container",
             {"files": ["/.dockerenv", "/run/.containerenv"]})]:
        found = check(
            general + " (the environment is unknown, because its marks contradict each other (" + words + "))",
            [], marks, **place)
        assert found["contradictory"] is True and found["environment"] == "unknown", found
    # Several layers: the innermost sets the limit, and the one around it bounds that.
    group = "control group /docker/0a/system.slice/db.service"
    check(f"this looks like the system service db.service ({group}): set LimitMEMLOCK=65536 with "
          "'systemctl edit db.service', then 'systemctl restart db.service'; the container around it "
          "must allow as much: start the container with --ulimit memlock=65536:65536 (compose: "
          "'ulimits: {memlock: {soft: 65536, hard: 65536}}'), or with --cap-add IPC_LOCK, as this "
          "process runs as root", ["docker", "system_service"], [group, group],
          group="/docker/0a/system.slice/db.service")
