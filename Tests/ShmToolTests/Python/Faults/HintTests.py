import atexit
import os
import re
import socket
import subprocess
import tempfile

from support import N, run, T


# A message advises nothing that destroys or weakens something, and every option in it is one of the
# command's options.
HELP = {}


def options(command):
    if command not in HELP:
        HELP[command] = run(command, "--help").stdout.decode()
    return set(re.findall(r"--[a-z][a-z-]*", HELP[command]))


def harmless(words, result):
    text = result.stderr.decode(errors="replace")
    for line in text.splitlines():
        reason = re.sub(r"^shmtool: cannot [a-z ]+ ('[^']*'[^:]*)?: ", "", line)
        assert not re.search(
            r"\b(rm|remove it|remove what|remove them|delete|overwrite|unlink|kill|end (them|it|that)"
            r"|chmod|chattr -|disable|--force|remount it|replace it)\b", reason), (words, line)
        for option in re.findall(r"(?<![\w-])--[a-z][a-z-]+", reason):
            assert option in options(words[0]), (words, line, option)
    return text


def test_taken_names():
    box = "/dev/shm/" + N
    os.mkdir(box, 0o700)
    held = []
    try:
        def make(kind):
            path = box + "/" + kind
            if kind == "directory": os.mkdir(path)
            elif kind == "fifo": os.mkfifo(path)
            elif kind == "link": os.symlink("/etc/passwd", path)
            elif kind == "socket":
                held.append(socket.socket(socket.AF_UNIX))
                held[-1].bind(path)
            elif kind == "empty": open(path, "wb").close()
            else:
                with open(path, "wb") as file: file.write(bytes(65536))
                if kind == "unreadable": os.chmod(path, 0)
            return path
        places = [make(kind) for kind in (
            "directory", "fifo", "link", "socket", "empty", "region", "unreadable")]
        for path in places + ["/dev/null", "/dev/zero", "/proc/version", "/"[:0] + "/dev/shm"]:
            for words in (["create", path, "64K"], ["create", path, "4K"],
                          ["create", path, "64K", "--open"], ["create", path, "4K", "--open"],
                          ["create", path, "64K", "--sparse"],
                          ["create", path, "--from", "/proc/version"],
                          ["resize", path, "4K"], ["resize", path, "1024T"],
                          ["seal", path, "write"], ["write", path, "--length", "1T"],
                          ["fill", path, "--zero", "--offset", "1T"],
                          ["map", path, "--", "true"], ["unwire", path],
                          ["copy", "file:/dev/null", path]):
                result = run(*words, input=b"x")
                text = harmless(words, result)
                if result.returncode == 73 and "--open" not in words:
                    assert "the name is in use by " in text, (words, text)
                    # What is advised does what it says.
                    if "--open" in text:
                        assert run(*words, "--open").returncode == 0, (words, text)
        # Where it works it is named.
        result = run("create", box + "/region", "64K")
        assert b"with --open" in result.stderr, result
        for used in (open(box + "/region", "rb"),):
            for words in (["remove", "--unused", box + "/region"],
                          ["resize", box + "/region", "4K", "--shrink"]):
                result = run(*words)
                assert result.returncode == 75, (words, result)
                harmless(words, result)
            used.close()
    finally:
        for left in os.listdir(box):
            path = box + "/" + left
            os.rmdir(path) if left == "directory" else os.unlink(path)
        os.rmdir(box)


def test_stream_directories():
    import tempfile
    with tempfile.TemporaryDirectory() as box:
        open(box + "/file", "w").close()
        os.mkdir(box + "/open")
        os.chmod(box + "/open", 0o755)
        os.symlink(box, box + "/link")
        for place in ("/", "/tmp", "/dev/shm", "/etc", "/proc", box + "/file", box + "/open",
                      box + "/link", box + "/none/none", "/root", "/nonexistent/x"):
            for words in (["send", "hints", "--timeout", "1ms"],
                          ["recv", "hints", "--timeout", "1ms"]):
                result = run(*words, input=b"x", env={**os.environ, "SHMTOOL_DIR": place})
                assert result.returncode != 0, (words, place)
                harmless(words, result)


def test_every_option():
    import random, shutil
    # Long options that are other programs' own: of container engines and prlimit(1).
    FOREIGN = {"--ulimit", "--cap-add", "--memlock", "--memory", "--shm-size", "--user", "--pid", "--ipc", "--privileged"}
    named = set()
    def judged(words, result):
        text = result.stderr.decode(errors="replace")
        for line in text.splitlines():
            # An option that stands in the command that a hint spells is that command's.
            parts = re.split(r"shmtool ([a-z]+)(?= |')", line)
            command = words[0]
            for place, part in enumerate(parts):
                if place % 2:
                    command = part if part in COMMANDS else command
                    continue
                for option in re.findall(r"(?<![\w-])--[a-z][a-z-]+", part):
                    if option in words or option in FOREIGN:
                        continue
                    named.add(option)
                    assert option in options(command) or option in options(words[0]), (words, command, line)
        return text
    listed = run("--help").stdout.decode().split("SUBCOMMANDS:", 1)[1].split("EXIT STATUS:")[0]
    COMMANDS = re.findall(r"^  ([a-z]+)", listed, re.M)
    assert len(COMMANDS) > 12, COMMANDS
    region = "/dev/shm/" + N
    work = tempfile.mkdtemp()
    os.chdir(work)
    atexit.register(shutil.rmtree, work)
    open(region, "wb").write(bytes(65536))
    places = [N, N + "-none", "/dev/null", "/proc/version", "/dev/shm", "/proc/self/mem", f"pid:{os.getpid()}:0", "pid:999999999:3",
              "sysv:999999", "stream:" + N, "file:", "bytes:%", "x@1", "1@0x0", ""]
    failed = 0
    for command in COMMANDS:
        if command == "help":
            continue
        own = sorted(options(command))
        # Each option alone, without and with a value that it cannot take, and operands of each kind.
        tries = [[], ["--no-such-option"], ["-Z"], ["a", "b", "c", "d", "e"]]
        tries += [[place] for place in places] + [[place, "4K"] for place in places[:6]]
        for option in own:
            if option not in ("--help", "--version", "--background", "--output"):
                tries += [[option], [option, "x", N], [N, option], [N, option + "=-1"], [N, option, "999999T"],
                          [N, "4K", option, "--", "/nonexistent/cmd"]]
        random.Random(len(own)).shuffle(tries)
        for more in tries[:18]:
            words = [command, *more]
            if "--timeout" in own and "--timeout" not in more:
                words[1:1] = ["--timeout", "1ms"]
            if command == "wire" and "--" not in words:
                words += ["--", "true"]
            try:
                result = subprocess.run([T, *words], input=b"", capture_output=True, timeout=5)
            except subprocess.TimeoutExpired:
                continue
            if result.returncode:
                failed += 1
                judged(words, result)
            if not os.path.exists(region):
                open(region, "wb").write(bytes(65536))
    assert failed > 150, failed
