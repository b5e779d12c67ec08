import glob
import gzip
import os
import re
import shlex
import shutil
import socket
import stat
import subprocess
import tarfile
import tempfile

from support import N, P, run, started, stop, T, wired

UNIT = "shmtool-wire@.service"
EPOCH = 1700000000


# The commit that the binary names, or else the one that the tests give.
def commit():
    told = re.search(r"\b[0-9a-f]{12}\b\+?", output(T, "--version"))
    return told[0] if told else "0123456789ab"


def script(root, name, *words, **variables):
    return subprocess.run([f"{root}/Scripts/{name}", *words], capture_output=True, text=True, timeout=60,
                          env={**os.environ, "SHMTOOL": os.path.realpath(T), **variables})


def output(*words):
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


# The two packages of one commit and binary, packed in another place, with other permissions.
def pack(root, top):
    processes = []
    for place, mask in (("one", 0o022), ("two", 0o077)):
        temporary = f"{top}/{place} work"
        os.mkdir(temporary)
        environment = {
            **os.environ, "SHMTOOL": os.path.realpath(T), "SHMTOOL_COMMIT": "0123456789ab",
            "SOURCE_DATE_EPOCH": str(EPOCH), "TMPDIR": temporary, "LC_ALL": "C.UTF-8", "DEBFULLNAME": "A Tester",
            "DEBEMAIL": "tester@example.org"}
        # The binary knows its commit better than the checkout.
        if "(" in output(T, "--version"):
            del environment["SHMTOOL_COMMIT"]
        processes.append(subprocess.Popen(
            [root + "/Scripts/package", "--fast", "--output", f"{top}/{place}"], env=environment, umask=mask,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
    try:
        for process in processes:
            text, error = process.communicate(timeout=60)
            assert (process.returncode, text.count("packed "), error) == (0, 3, ""), (text, error)
    finally:
        for process in processes:
            process.kill()
    names = sorted(os.listdir(top + "/one"))
    assert names == sorted(os.listdir(top + "/two")) and len(names) == 3, names
    for name in names:
        first, second = (open(f"{top}/{place}/{name}", "rb").read() for place in ("one", "two"))
        assert first == second, name + " differs between two runs"
        assert stat.S_IMODE(os.stat(f"{top}/one/{name}").st_mode) == 0o644, name
    assert not os.listdir(top + "/one work"), "the script left files in TMPDIR"
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], check=True, cwd=top + "/one")
    assert len(open(top + "/one/SHA256SUMS").readlines()) == 2
    return glob.glob(top + "/one/*.deb")[0], glob.glob(top + "/one/*.tar.gz")[0]


def test_packs(root):
    with tempfile.TemporaryDirectory() as top:
        deb, tarball = pack(root, top)
        check_control(deb)
        check_files(deb, top + "/tree")
        check_tarball(tarball)
        check_page(root, top)


# The scripts of the guide's page "Installing", with another directory for /usr/local and without root.
def check_page(root, top):
    page = open(root + "/Sources/shmtool/shmtool.docc/Installing.md").read()
    blocks = re.findall(r"^```sh\n(.*?)^```$", page, re.M | re.S)
    place = top + "/local"
    os.mkdir(place)

    def follow(word):
        block, = [block for block in blocks if word in block]
        block = block.replace("sudo ", "").replace("/usr/local", place)
        return output("env", "-C", top + "/one", "bash", "-eu", "-o", "pipefail", "-c", block)

    def files():
        return sorted(os.path.relpath(f"{path}/{name}", place) for path, _, names in os.walk(place) for name in names)

    assert follow("sha256sum").count(": OK\n") == 2
    follow("tar -xzf")
    first = files()
    assert {"bin/shmtool", "share/zsh/site-functions/_shmtool", "lib/systemd/system/" + UNIT} <= set(first), first
    # An upgrade replaces a binary that runs.
    waiting = subprocess.Popen([place + "/bin/shmtool", "wait", "-q", f"shmtool-test-{os.getpid()}-never"])
    started.append(waiting)
    follow("tar -xzf")
    assert files() == first and waiting.poll() is None
    waiting.terminate()
    waiting.wait()
    follow("tar -tzf")
    assert files() == [], files()
    for path in re.findall(r"`/usr/(\S+?)`", page.partition("| installed files")[2].partition("\n\n")[0]):
        assert glob.glob(f"{top}/tree/usr/{path}"), path
    if shutil.which("apt-get"):
        block, = [block for block in blocks if "apt install" in block]
        words = block.replace("sudo apt install", "apt-get --simulate --allow-downgrades install").strip()
        assert "Inst shmtool " in output("env", "-C", top + "/one", "sh", "-c", words), words


def check_control(deb):
    field = dict(re.findall(r"^(\S+): (.*)$", output("dpkg-deb", "--field", deb), re.M))
    version = re.match(r"shmtool ([0-9.]+[0-9])", output(T, "--version"))[1]
    snapshot = f"{version}+git20231114.221320.{commit().replace('+', '.changed')}"
    # The tests pack no tagged commit.
    assert field["Version"] == snapshot, field
    assert field["Package"] == "shmtool" and field["Maintainer"] == "A Tester <tester@example.org>", field
    assert field["Architecture"] == output("dpkg", "--print-architecture").strip(), field
    assert "Depends" not in field and int(field["Installed-Size"]) > os.path.getsize(T) // 1024, field
    assert os.path.basename(deb) == f"shmtool_{field['Version']}_{field['Architecture']}.deb", deb
    # Nothing of the machine that packs is in the package.
    control = output("dpkg-deb", "--info", deb)
    assert "@" + socket.gethostname() not in control and os.path.dirname(os.path.realpath(T)) not in control, control


def check_files(deb, tree):
    rows = [line.split(None, 5) for line in output("dpkg-deb", "--contents", deb).splitlines()]
    for mode, owner, _, date, clock, name in rows:
        assert owner == "root/root" and mode[5] == mode[8] == "-", (mode, owner, name)
    files = {name[1:] for mode, *_, name in rows if mode[0] != "d"}
    assert files >= {
        "/usr/bin/shmtool", "/usr/lib/systemd/system/" + UNIT, "/usr/share/bash-completion/completions/shmtool",
        "/usr/share/zsh/vendor-completions/_shmtool", "/usr/share/fish/vendor_completions.d/shmtool.fish",
        "/usr/share/man/man1/shmtool.1.gz", "/usr/share/man/man1/shmtool-wire.1.gz",
        "/usr/share/doc/shmtool/copyright", "/usr/share/doc/shmtool/changelog.gz",
    }, files
    assert not any("local" in name for name in files), files
    subprocess.run(["dpkg-deb", "--raw-extract", deb, tree], check=True)
    subprocess.run(["md5sum", "--check", "--quiet", "DEBIAN/md5sums"], check=True, cwd=tree)
    assert len(open(tree + "/DEBIAN/md5sums").readlines()) == len(files)
    for name in files:
        assert os.lstat(tree + name).st_mtime == EPOCH, name
        if name.startswith("/usr/share/man") or name.endswith(".gz"):
            # Without a name or time in its header: the files would differ from day to day.
            header = open(tree + name, "rb").read(8)
            assert header[:3] == b"\x1f\x8b\x08" and header[3:] == bytes(5), (name, header)
    assert output(tree + "/usr/bin/shmtool", "--version") == output(T, "--version")
    changelog = gzip.open(tree + "/usr/share/doc/shmtool/changelog.gz", "rt").read()
    assert f"commit {commit()}." in changelog and "Tue, 14 Nov 2023 22:13:20 +0000" in changelog, changelog
    # The links of an instance to the unit of the package, of the tarball and of the administrator.
    wants = tree + "/etc/systemd/system/multi-user.target.wants"
    os.makedirs(wants)
    for number, place in enumerate(("/usr/lib", "/lib", "/usr/local/lib", "/etc")):
        os.symlink(f"{place}/systemd/system/{UNIT}", f"{wants}/shmtool-wire@{number}.service")
    for name in ("postinst", "prerm", "postrm"):
        # If systemd does not run, the scripts do nothing else.
        for action in ("configure", "upgrade", "remove", "purge"):
            subprocess.run([f"{tree}/DEBIAN/{name}", action], check=True, env={
                "PATH": os.environ["PATH"], "DPKG_ROOT": tree})
    assert sorted(os.listdir(wants)) == ["shmtool-wire@2.service", "shmtool-wire@3.service"], os.listdir(wants)


def check_tarball(tarball):
    name = os.path.basename(tarball)[:-len(".tar.gz")]
    with tarfile.open(tarball) as archive:
        members = {member.name: member for member in archive}
        assert all(m.isfile() and m.uid == m.gid == 0 and m.mtime == EPOCH for m in members.values()), members
        assert all(path.startswith(name + "/") for path in members), members
        text = archive.extractfile(f"{name}/lib/systemd/system/{UNIT}").read().decode()
        assert "=:/usr/local/bin/shmtool wire" in text and "/usr/bin" not in text, text
        for path in ("bin/shmtool", "share/zsh/site-functions/_shmtool", "share/doc/shmtool/LICENSE",
                     "share/doc/shmtool/copyright", "share/doc/shmtool/LGPL-2.1"):
            assert f"{name}/{path}" in members, (path, members.keys())
        assert members[name + "/bin/shmtool"].mode == 0o755


def test_refuses_libraries(root):
    with tempfile.TemporaryDirectory() as top:
        result = script(root, "package", "--output", top + "/out", SHMTOOL="/bin/true", TMPDIR=top)
        assert result.returncode == 65 and "pack a release build" in result.stderr, result
        assert not os.listdir(top), os.listdir(top)


def test_names_commit(root):
    def git(*words):
        # Without the variables of a git hook, which name another repository.
        return subprocess.run(["git", "-C", top, "-c", "user.name=x", "-c", "user.email=x@example.org", *words],
                              check=True, capture_output=True, text=True, env=environment).stdout.strip()

    def commit(place):
        return subprocess.run([place + "/Scripts/commit-id"], check=True, capture_output=True, text=True,
                              env=environment).stdout.strip()
    with tempfile.TemporaryDirectory() as top:
        environment = {"PATH": os.environ["PATH"], "GIT_CEILING_DIRECTORIES": os.path.dirname(top)}
        for place in (top, top + "/inner"):
            os.makedirs(place + "/Scripts")
            shutil.copy(root + "/Scripts/commit-id", place + "/Scripts")
        assert commit(top) == ""
        git("init", "-q")
        assert commit(top) == ""
        git("add", ".")
        git("commit", "-q", "-m", "First")
        first = git("rev-parse", "HEAD")[:12]
        assert commit(top) == first
        assert commit(top + "/inner") == "", "it is another project's commit"
        open(top + "/new", "w").close()
        assert commit(top) == first + "+"
        environment["SHMTOOL_COMMIT"] = "abc"
        assert commit(top) == "abc"


def unit(root):
    return open(f"{root}/Scripts/debian/{UNIT}").read()


# The words of a command of the unit for a region, as systemd makes them with the colon: '$' stays.
def command(root, key, region):
    line = re.search(rf"^{key}=:(.*)$", unit(root), re.M)[1]
    return [T if word == "/usr/bin/shmtool" else word.replace("%I", region) for word in shlex.split(line)]


def begin(words, **options):
    started.append(subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options))
    return started[-1]


def test_unit_wires(root):
    name, path = N + "-$HOME %n", P + "-$HOME %n"
    # As root in the service: without most capabilities, and the region belongs to another user.
    confined = ["setpriv", "--bounding-set=-all,+dac_read_search,+ipc_lock", "--no-new-privs"]
    # CAP_DAC_READ_SEARCH and CAP_IPC_LOCK: a container may have removed them.
    bounding = int(re.search(r"^CapBnd:\s*(\w+)", open("/proc/self/status").read(), re.M)[1], 16)
    has_both = bounding >> 2 & bounding >> 14 & 1
    prefix = confined if os.geteuid() == 0 and has_both and shutil.which("setpriv") else []
    with tempfile.TemporaryDirectory() as place, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(place + "/notify")
        manager.settimeout(30)
        waiting = begin(prefix + command(root, "ExecStartPre", name))
        try:
            assert run("create", name, "64K", "--mode", "600").returncode == 0
            if prefix:
                os.chown(path, 65534, 65534)
            out, error = waiting.communicate(timeout=30)
            assert (waiting.returncode, out, error) == (0, b"", b""), (waiting.returncode, out, error)
            service = begin(prefix + command(root, "ExecStart", name),
                            env={"NOTIFY_SOCKET": place + "/notify"}, cwd="/")
            assert manager.recv(100) == b"READY=1"
            assert wired(service.pid) == 65536
            # systemd stops a service by SIGTERM, and this end is a success for it.
            assert stop(service) == (-15, "", "")
        finally:
            if os.path.exists(path):
                os.unlink(path)


# All that systemd says, and what it says about the unit. It also reads other units of the host.
def complaints(text):
    with tempfile.TemporaryDirectory() as place:
        with open(f"{place}/{UNIT}", "w") as file:
            file.write(text)
        result = subprocess.run(["systemd-analyze", "verify", "--man=no", f"{place}/{UNIT}"], capture_output=True,
                                text=True, timeout=60)
        lines = (result.stdout + result.stderr).splitlines()
        return (result.returncode, lines), [line for line in lines if "shmtool-wire" in line]


def test_unit_is_accepted(root):
    tool = '"' + os.path.realpath(T).replace("%", "%%") + '"'
    text = unit(root).replace("/usr/bin/shmtool", tool)
    said, about = complaints(text)
    assert not about, said
    said, about = complaints(text.replace("[Service]", "[Service]\nNonsense=1"))
    assert about, said
