"""Runs the commands of a page's ```console blocks and compares their output with the page.

    commands.py PAGE TAG

A line that begins with "$ " is a command, and lines that begin with "> " continue it; the lines up to the next command
are its output, stdout and stderr. All commands of a page run in one shell, in an empty directory. Numbers may differ,
columns may be wider, a line "…" stands for any lines, and "…" within a line for any text. A command that ends with
"# as an ordinary user" is not run by root. A block of another language whose first line is a comment with a file name
becomes that file. TAG replaces the names of regions and streams, so that no other process has them. The memlock limit
is 8 MiB. Root runs the page a second time as nobody.
"""

import os, pathlib, re, resource, signal, subprocess, sys, tempfile

from ordinary import MEMLOCK, run_again, WHO

page, tag = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2]
NAMES = ["cache", "job", "numbers"]
ORDINARY = "# as an ordinary user"


def commands(text):
    """Each command of the page with its line and the lines of its output."""
    found, inside = [], False
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("```"):
            inside = line == "```console"
        elif inside and line.startswith("$ "):
            found.append((number, line[2:], []))
        elif inside and line.startswith("> ") and not found[-1][2]:
            found[-1] = (found[-1][0], f"{found[-1][1]}\n{line[2:]}", [])
        elif inside:
            found[-1][2].append(line)
    return found


def files(text):
    """The name and the text of each file that the page shows."""
    return [(match[2], match[1] + match[3]) for match in re.finditer(
        r"^```[a-z]+\n((?:#|//) ([\w.]+)\n)(.*?)^```$", text, re.M | re.S)]


def renamed(text):
    return re.sub(rf"\b({'|'.join(NAMES)})\b", rf"{tag}-\1", text)


# A figure with its unit, an address or a checksum: what differs from run to run.
FIGURE = re.compile(
    r"crc32c:[0-9a-f]{8}|0x[0-9a-f]+|\d+(\.\d+)?( (B|[kKMGT]i?B|us|ms|s|m|h)(/s)?)?")


def shape(line):
    """What two runs have in common."""
    return " ".join(FIGURE.sub("#", line).split())


def equal(expected, actual):
    """Whether a line is the expected one, where "…" stands for any text."""
    return re.fullmatch(".*".join(map(re.escape, expected.split("…"))), actual) is not None


def matches(expected, actual):
    """Whether the lines are the expected ones, where "…" stands for any lines."""
    if not expected:
        return not actual
    if expected[0] == "…":
        return any(matches(expected[1:], actual[at:]) for at in range(len(actual) + 1))
    return bool(actual) and equal(expected[0], shape(actual[0])) and matches(expected[1:], actual[1:])


def chart(lines):
    """The lines of a page map: these must be equal to the character."""
    return [line.split() for line in lines if re.match(r" *\d+( [KMG]iB)?  [A-Z=.]+$", line)]


def run(examples):
    """Runs the commands in the current directory."""
    shell = subprocess.Popen(
        ["bash"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True, env={**os.environ, "LC_ALL": "C.UTF-8"})
    script = 'shmtool() { "$SHMTOOL" "$@"; }\ncommand -v cc >/dev/null || cc() { clang "$@"; }\n'
    for number, command, _ in examples:
        script += f"{renamed(command)}\necho \"<<{number} $?>>\"\n"
    try:
        output, _ = shell.communicate(script, timeout=60)
    except subprocess.TimeoutExpired:
        os.killpg(shell.pid, signal.SIGKILL)
        raise
    failed = []
    for number, command, expected in examples:
        part, mark, output = output.partition(f"<<{number} ")
        code, _, output = output.partition(">>\n")
        expected = [renamed(line) for line in expected]
        actual = part.splitlines()
        if not mark or code != "0" or chart(expected) != chart(actual) or not matches(
                [shape(line) if line != "…" else line for line in expected], actual):
            failed.append("\n".join([f"{page.name}:{number}: {WHO}: $ {command}: exit status {code or '?'}",
                                     "expected:", *expected, "actual:", *actual]))
    if failed:
        sys.exit("\n\n".join(failed))
    print(len(examples), "commands", WHO)


def main():
    text = page.read_text()
    examples = commands(text)
    assert examples, f"{page}: no commands"
    if not os.geteuid():
        examples = [example for example in examples if not example[1].endswith(ORDINARY)]
    limit = resource.getrlimit(resource.RLIMIT_MEMLOCK)[1]
    if limit == resource.RLIM_INFINITY or limit > MEMLOCK:
        resource.setrlimit(resource.RLIMIT_MEMLOCK, (MEMLOCK, MEMLOCK))
    for name, content in files(text):
        pathlib.Path(name).write_text(renamed(content))
    run(examples)


with tempfile.TemporaryDirectory() as directory:
    os.chdir(directory)
    try:
        main()
    finally:
        os.chdir("/")
        subprocess.run([os.environ["SHMTOOL"], "unwire", "-q", f"{tag}-cache"], capture_output=True)
        for name in NAMES:
            pathlib.Path(f"/dev/shm/{tag}-{name}").unlink(missing_ok=True)
run_again(page, tag)
