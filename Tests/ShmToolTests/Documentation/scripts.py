"""Runs every ```sh block of a page, with what the block needs around it, and checks what it does.

    scripts.py PAGE TAG

A line that ends with "# here" runs on this host, a line with "# there" on another one: another directory of streams, and
`ssh` runs its command with that directory. All lines of such a block run at the same time. TAG replaces the names of
regions and streams. Root runs the page a second time as nobody.
"""

import json, os, pathlib, re, shlex, signal, socket, subprocess, sys, tempfile

from ordinary import run_again, WHO

page, tag = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2]
T = os.environ["SHMTOOL"]
DATA = os.urandom(300_000)
ORIGIN, FAR = "shmtool send job file  # here", "shmtool recv job --output copy  # there"
started = []


def blocks(language):
    """The line and the text of each block."""
    text = page.read_text()
    return [(text[:match.start()].count("\n") + 1, match[1])
            for match in re.finditer(rf"^```{language}\n(.*?)^```$", text, re.M | re.S)]


def start(line, **options):
    """Starts a line of a script on its host."""
    line, _, where = line.partition("  #")
    line = re.sub(r"\b(job|log|cache)\b", rf"{tag}-\1", line)
    environment = {**os.environ, "PATH": f"{os.getcwd()}/bin:{os.environ['PATH']}"}
    environment["SHMTOOL_DIR"] = os.getcwd() + ("/there" if "there" in where else "/here")
    started.append(subprocess.Popen(["bash", "-o", "pipefail", "-c", line], start_new_session=True, env=environment,
                                    stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options))
    return started[-1]


def finish(*processes):
    """Waits until all have ended, each with success, and returns what they printed."""
    text = ""
    for process in processes:
        output = process.communicate(timeout=60)[0]
        assert process.returncode == 0, (process.args, process.returncode, output)
        text += output
    return text


def shm(*words, **options):
    return subprocess.run([T, *words], check=True, capture_output=True, **options).stdout


def copied():
    assert pathlib.Path("copy").read_bytes() == DATA, "the copy differs"
    os.unlink("copy")


def lines(block):
    return [line for line in block.splitlines() if line]


def together(block, *more):
    finish(*map(start, [*more, *lines(block)]))
    copied()


def alone(block):
    finish(start(block))
    copied()


def consumers(block):
    assert len(finish(start(block)).splitlines()) == 4


def containers(block):
    together(block.replace("/run/streams", shlex.quote(os.getcwd() + "/streams")))


def compressed(block):
    together(block, ORIGIN, FAR)


def tls(block):
    for host in ("here", "there"):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", "key", "-out",
                        f"{host}.crt", "-subj", "/CN=localhost"], check=True, capture_output=True)
        pathlib.Path(f"{host}.pem").write_text(pathlib.Path(f"{host}.crt").read_text() + pathlib.Path("key").read_text())
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    block = block.replace("LISTEN:7000", f"LISTEN:{port},reuseaddr,pf=ip4").replace(
        "there:7000", f"localhost:{port},pf=ip4,retry=100,interval=0.1")
    together(block, ORIGIN, FAR)


def saved(block):
    first, second = lines(block)
    finish(start(first), start(ORIGIN))
    finish(start(second), start(FAR.replace("there", "here")))
    copied()


def listed(block):
    shm("create", f"{tag}-cache", "64K")
    assert f"{tag}-cache has 65536 bytes\n" in finish(start(block))


def followed(block):
    process = start(block)
    for text in ("first line\n", "second line\n"):
        with open(f"/dev/shm/{tag}-log", "a") as log:
            log.write(text)
        assert process.stdout.readline() == text
    os.killpg(process.pid, signal.SIGTERM)


def completion(block):
    for line, shell, before in zip(lines(block), (["bash"], ["zsh", "-f"], ["fish", "-N"]), ("", "fpath=(. $fpath); ", "")):
        line = line.replace("shmtool ", shlex.quote(os.getcwd() + "/bin/shmtool") + " ", 1)
        subprocess.run([*shell, "-c", before + line], check=True)
    assert "shmtool" in pathlib.Path("_shmtool").read_text()


def metrics(block):
    finish(start(block.replace("/var/lib/node_exporter", shlex.quote(os.getcwd()))))
    for name in ("shmtool.prom", "shmtool-limits.prom"):
        assert "# TYPE shmtool_" in pathlib.Path(name).read_text()


# What each block of a page needs, by a text that only this block has.
PLANS = [
    ("recv job --output copy & shmtool send job file --checksum", alone), ("for consumer in", consumers),
    ("SHMTOOL_DIR=", containers), ("recv job --framed -- ssh there shmtool send", together), ("OPENSSL", tls),
    ("zstd -q -c | ssh", compressed), ("--framed > saved", saved), ("-c --check FILE", together),
    ("list -r -o reference,size", listed), ("shmtool wait log", followed), ("--generate-completion-script", completion),
    ("--metrics-file", metrics),
]


def prepare():
    """The commands that a script calls, and its input."""
    for name in ("bin", "here", "there", "streams"):
        os.mkdir(name, 0o700)
    for name, text in (("shmtool", f'exec "{T}" "$@"'), ("ssh", 'shift; SHMTOOL_DIR=$PWD/there exec sh -c "$*"')):
        pathlib.Path("bin", name).write_text(f"#!/bin/sh\n{text}\n")
        os.chmod(f"bin/{name}", 0o755)
    for name in ("file", "FILE"):
        pathlib.Path(name).write_bytes(DATA)


def error_example(text):
    """The error that the page shows as JSON must be the one of a missing region."""
    result = subprocess.run([T, "inspect", "cache-of-no-process", "--json"], capture_output=True, text=True)
    expected = json.loads(text.replace("'cache'", "'cache-of-no-process'").replace('"cache"', '"cache-of-no-process"'))
    assert json.loads(result.stderr.splitlines()[-1]) == expected, result.stderr


def main():
    count = 0
    for number, block in blocks("sh"):
        plans = [plan for text, plan in PLANS if text in block]
        assert len(plans) == 1, f"{page.name}:{number}: {len(plans)} plans for this script"
        try:
            plans[0](block)
        except Exception as error:
            sys.exit(f"{page.name}:{number}: {WHO}: {type(error).__name__}: {error}")
        count += 1
    for number, block in blocks("json"):
        error_example(block)
        count += 1
    assert count, f"{page}: no scripts"
    print(count, "scripts", WHO)


with tempfile.TemporaryDirectory() as directory:
    os.chdir(directory)
    try:
        prepare()
        main()
    finally:
        for process in started:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        os.chdir("/")
        for name in ("cache", "log"):
            pathlib.Path(f"/dev/shm/{tag}-{name}").unlink(missing_ok=True)
run_again(page, tag)
