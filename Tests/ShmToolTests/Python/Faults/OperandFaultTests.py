"""The same fault in an operand has the same exit status in every command."""
import os
import subprocess
import tempfile

from support import N, P, run, T

# Every command that takes a region, with R for the region and F for a file.
COMMANDS = {
    "create": "create R 4K", "inspect": "inspect R", "list": "list R", "resize": "resize R 8K",
    "seal": "seal R write", "remove": "remove R", "remove --unused": "remove --unused R", "fill": "fill R --zero",
    "verify": "verify R --zero", "read": "read R", "write": "write R", "copy from": "copy R file:F",
    "copy to": "copy file:/dev/null R", "wait": "wait R --timeout 10ms", "map": "map R -- true",
    "map --private": "map --private R -- true", "wire": "wire R -- true", "wire --follow": "wire --follow R -- true",
    "unwire": "unwire R", "advise": "advise R cold",
}
# The commands that take a System V segment, and those that take no descriptor of a process.
SEGMENTS = {"inspect", "list", "remove", "remove --unused"}
NAMES = {"create", "remove", "remove --unused"}


def status(command, reference, wanted):
    with tempfile.TemporaryDirectory() as directory:
        words = [{"R": reference, "file:F": f"file:{directory}/f"}.get(word, word) for word in command.split()]
        result = run(*words)
        assert result.returncode == wanted, (words, wanted, result)
        if wanted:
            assert result.stdout == b"" and result.stderr.startswith(b"shmtool: "), (words, result)
            assert not os.listdir(directory), words


def test_malformed():
    long = "x" * 256
    for reference in ("sysv:abc", "sysv:", "sysv:-1", "sysv:99999999999", "pid:1", "pid:abc:1", "pid:1:2:3", "pid:0:1",
                      "file:", "", "/", ".", "..", long, f"/{long}", f"/tmp/{long}", "/tmp/" + "y/" * 2100 + "z",
                      "/tmp//x", "/tmp/../x", "bytes:%zz", "bytes:%00"):
        for command in COMMANDS.values():
            status(command, reference, 64)
    # A name of a stream cannot contain a slash, and is otherwise as free as a file name.
    for reference in ("", ".", "..", long, "a/b", "/tmp/x", "bytes:%zz"):
        for command in ("send R /dev/null --timeout 10ms", "recv R --timeout 10ms"):
            status(command, reference, 64)


def test_unsuitable():
    made = subprocess.run(["ipcmk", "-M", "4096"], capture_output=True, text=True, check=True)
    segment = made.stdout.split()[-1]
    memory = os.memfd_create("operand")
    os.ftruncate(memory, 4096)
    try:
        for reference, takers in ((f"sysv:{segment}", SEGMENTS), ("sysv:2147483647", SEGMENTS),
                                  (f"pid:{os.getpid()}:{memory}", set(COMMANDS) - NAMES),
                                  (f"pid:{os.getpid()}:1023", set(COMMANDS) - NAMES),
                                  ("pid:1:1048575", set(COMMANDS) - NAMES)):
            for name, command in COMMANDS.items():
                if name not in takers:
                    status(command, reference, 64)
        for name, command in COMMANDS.items():
            if name != "list" and not name.startswith("remove"):
                status(command, "stream:x", 64)
    finally:
        subprocess.run(["ipcrm", "-m", segment], check=True)


def test_missing():
    for reference in (N, f"/dev/shm/{N}", f"file:/dev/shm/{N}", f"/dev/shm/{N}/x", f"pid:{os.getpid()}:1023",
                      "pid:2147483647:0", "sysv:2147483647"):
        for name, command in COMMANDS.items():
            if name in ("create", "wait") or name in NAMES and reference.startswith("pid:"):
                continue
            if name == "copy to" and reference.startswith("file:"):
                continue  # copy creates this file
            if name in SEGMENTS or not reference.startswith("sysv:"):
                status(command, reference, 66)
        if not reference.startswith("sysv:"):
            status("wait R --timeout 10ms", reference, 124)
    status("create R 4K", f"/dev/shm/{N}/x", 66)


def test_files():
    with tempfile.TemporaryDirectory() as directory:
        for command in COMMANDS.values():
            # `create` names the file system, which is no shared memory, and `wait` waits for a region.
            if "/dev/shm" not in os.path.realpath(directory):
                status(command, directory, 65)
        missing = directory + "/missing/x"
        long = directory + "/" + "x" * 256
        for path, wanted in ((directory, 65), (missing, 66), (long, 64)):
            for words in (["create", N + "-new", "--from", path], ["fill", N, "--file", path],
                          ["verify", N, "--file", path], ["write", N, path], ["read", N, "--output", path],
                          ["copy", f"file:{path}", N], ["copy", N, f"file:{path}"],
                          ["send", N + "-s", path, "--timeout", "5s"], ["list", "--metrics-file", path],
                          ["recv", N + "-s", "--output", path, "--timeout", "5s"], ["limits", "--metrics-file", path],
                          # All measurements take minutes, so this also tests that the path is checked before them.
                          ["bench", "--csv", path], ["bench", "--svg", path], ["bench", "--baseline", path]):
                result = run(*words)
                assert result.returncode == wanted, (words, wanted, result)
                assert result.stdout == b"" and result.stderr.startswith(b"shmtool: "), result
        for words in (["write", N], ["fill", N, "--file", "-"], ["create", N + "-new", "--from", "-"],
                      ["send", N + "-s", "--timeout", "5s"], ["copy", "-", N]):
            result = subprocess.run([T, *words], stdin=os.open(directory, os.O_RDONLY), capture_output=True, timeout=60)
            assert result.returncode == 65 and b"it is a directory" in result.stderr, (words, result)
    assert os.path.getsize(P) == 65536 and not os.path.exists(P + "-new")


def test_count():
    for name, command in COMMANDS.items():
        own = command.split(" -- ")[0].split()
        without = [word for word in own if word not in ("R", "file:F", "file:/dev/null")][:1]
        if name not in ("list", "inspect"):
            result = run(*without)
            assert result.returncode == 64 and b"required" in result.stderr, (without, result)
    for words in (["send"], ["recv"]):
        assert run(*words).returncode == 64, words
    for words in (["create", N, "4K", "more"], ["resize", N, "4K", "more"], ["fill", N, "more", "--zero"],
                  ["verify", N, "more", "--zero"], ["read", N, "more"], ["write", N, "/dev/null", "more"],
                  ["copy", N, N, "more"], ["wait", N, "more"], ["advise", N, "cold", "more"], ["limits", "more"],
                  ["send", N, "/dev/null", "more"], ["recv", N, "more"]):
        result = run(*words)
        assert result.returncode == 64 and b"extra operand 'more'" in result.stderr, (words, result)
