import json
import subprocess

from support import N, T
from wiring import Group, M


# Runs a command of the tool in a group, in a namespace of control groups.
def inside(group, *words, script='exec "$0" "$@"', options="-C"):
    return subprocess.run(
        ["unshare", options, "sh", "-c", script, T, *words], stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, preexec_fn=group.enter())


def test_entered():
    with Group(32 * M) as group:
        for words, code in ((["create", N + "-x", "40M"], 79), (["wire", N, "--for", "0"], 78),
                            (["map", N, "--populate", "--", "true"], 79),
                            (["fill", N, "--byte", "7"], 79),
                            (["limits", "-q", "--room", "40M"], 1),
                            (["limits", "-q", "--need", "40M"], 1),
                            (["limits", "-q", "--room", "16M"], 0)):
            result = inside(group, *words)
            assert result.returncode == code, (words, result)
            if code > 1:
                assert f"{group.path} leaves ".encode() in result.stderr, result
        told = json.loads(inside(group, "limits", "--json").stdout)
        assert told["cgroups"][0]["limit"]["bytes"] == 32 * M, told["cgroups"]
        assert told["cgroups"][0]["path"] == group.path and told["unknown"] == [], told


def test_nested():
    with Group(64 * M) as outer, Group(16 * M, outer.path[1:] + "/inner") as inner:
        # In version 2 a group with processes may not enable controllers for its children.
        enter = 'echo $$ >"$1/cgroup.procs" || exit 99; shift; exec "$0" "$@"'
        for size, path in (("24M", inner.path), ("72M", inner.path)):
            result = inside(outer, inner.place, "create", N, size, script=enter)
            if result.returncode == 99 and outer.version == 2:
                continue
            assert result.returncode == 79, result
            assert f"the control group {path} leaves ".encode() in result.stderr, result
        told = json.loads(inside(outer, "limits", "--json").stdout)
        assert told["binding"].endswith(outer.path), told["binding"]


def test_mounted():
    with Group(32 * M) as group:
        kind = "cgroup -o memory" if group.version == 1 else "cgroup2"
        mount = f'd=$(mktemp -d); mount -t {kind} none $d || exit 99; "$0" "$@"; r=$?; umount $d; rmdir $d; exit $r'
        result = inside(group, "create", N, "40M", script=mount, options="-mC")
        assert result.returncode == 79, result
        assert b"the control group / leaves " in result.stderr, result
        # A tmpfs over the older mount hides nothing from this one.
        hide = 'mount -t tmpfs none /sys/fs/cgroup && mkdir /sys/fs/cgroup/m && ' \
            f'mount -t {kind} none /sys/fs/cgroup/m || exit 99; exec "$0" "$@"'
        result = inside(group, "create", N, "40M", script=hide, options="-mC")
        assert result.returncode == 79, result


def test_hidden():
    with Group(32 * M) as group:
        for options in ("-m", "-mC"):
            for hide in ("umount -l /sys/fs/cgroup/memory 2>/dev/null || umount -l /sys/fs/cgroup",
                         "mount -t tmpfs none /sys/fs/cgroup"):
                script = hide + ' || exit 99; exec "$0" "$@"'
                def limits(*words):
                    return inside(group, "limits", *words, script=script, options=options)
                for question in ("--room", "--need"):
                    result = limits("-q", question, "16M")
                    assert (result.returncode, result.stdout) == (2, b""), (options, hide, result)
                    # What is known to refuse does so all the same.
                    assert limits("-q", question, "512T").returncode == 1
                result = limits("--room", "16M")
                assert result.returncode == 2, result
                assert b"\nwhether 16 MiB can be created is unknown: the control groups of the process " \
                    b"cannot be read\n" in result.stdout, result
                room = json.loads(limits("--room", "16M", "--json").stdout)["room"]
                assert room["available"] is room["binding"] is room["answer"]["possible"] is None, room
                assert room["unknown"] == ["the control groups of the process cannot be read"], room
                assert room["bounds"], room
                # Without a question there is no answer to exit by.
                assert limits("-q").returncode == 0


def test_outside():
    other = subprocess.Popen(["sleep", "60"])
    try:
        with Group(32 * M) as group:
            for question in ("--room", "--need"):
                result = inside(group, "limits", "-q", "--pid", str(other.pid), question, "16M")
                assert result.returncode == 2, result
    finally:
        other.kill()
        other.wait()
