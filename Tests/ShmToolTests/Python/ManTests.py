"""The man pages that Scripts/man writes."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from support import N, T


class Pages:
    """All pages, in a directory that every user can read."""

    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.directory = tempfile.TemporaryDirectory(dir="/tmp")
        self.top = pathlib.Path(self.directory.name)
        self.top.chmod(0o755)
        tool = os.path.realpath(T)
        result = subprocess.run([self.root / "Scripts" / "man", "--output", self.top], capture_output=True, text=True,
                                env={**os.environ, "SHMTOOL": tool})
        assert result.returncode == 0, result.stderr
        self.paths = {path.stem: path for path in sorted(self.top.glob("man?/*.?"))}
        self.commands = {"shmtool": []}
        for word in subprocess.run([tool, "help"], capture_output=True, text=True).stdout.splitlines():
            command = re.match(r"  ([a-z]+)(?:, [a-z]+)? {2,}\S", word)
            if command:
                self.commands[f"shmtool-{command[1]}"] = [command[1]]
        assert len(self.commands) > 15, self.commands

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.directory.cleanup()

    def section(self, page, name):
        """The text of a section as a reader sees it, without bold and underlined characters."""
        text = subprocess.run(["mandoc", "-T", "ascii", self.paths[page]], capture_output=True, text=True).stdout
        text = re.sub(".\b", "", text)
        found = re.search(rf"^{name}\n(.*?)(?=^\S)", text, re.M | re.S)
        return found[1] if found else ""

    def examples(self, page):
        """The literal blocks of a page, as plain text."""
        escapes = {r"\(aq": "'", r"\(ga": "`", r"\(ha": "^", r"\(ti": "~", r"\-": "-", r"\e": "\\", r"\&": "",
                   r"\[u2026]": "…"}
        text = self.paths[page].read_text().partition(".Sh EXAMPLES\n")[2].partition("\n.Sh ")[0]
        return [re.sub(r"\\(\(..|\[\w+\]|.)", lambda found: escapes[found[0]], block)
                for block in re.findall(r"^\.Bd -literal.*\n((?:.*\n)*?)\.Ed$", text, re.M)]


def options(text):
    """The names of the options at the beginnings of the lines of a list."""
    labels = re.findall(r"^ +(-[^ ,\n]*(?:, -\S+)*)", text, re.M)
    return {re.match(r"-+[\w-]+", name)[0] for label in labels for name in label.split(", ")}


def test_describes_every_command(root):
    with Pages(root) as pages:
        assert set(pages.paths) == {*pages.commands, "shmtool-stream"}, set(pages.paths) ^ set(pages.commands)
        by_hand = {path.stem for path in (pages.root / "Documentation" / "man").glob("*.mdoc")}
        assert by_hand == set(pages.paths), by_hand ^ set(pages.paths)
        for page in pages.commands:
            assert pages.section(page, "SYNOPSIS").split() and pages.section(page, "SEE ALSO").split(), page
            assert page == "shmtool" or "shmtool(1)" in pages.section(page, "SEE ALSO"), page


def test_lists_the_options_of_the_help(root):
    with Pages(root) as pages:
        for page, command in pages.commands.items():
            help = subprocess.run([T, "help", *command], capture_output=True, text=True).stdout
            expected = options(re.search(r"^OPTIONS:\n((?:  .*\n)+)", help, re.M)[1])
            actual = options(pages.section(page, "OPTIONS"))
            assert len(expected) > 2 and actual == expected, (page, actual ^ expected)


def test_passes_lint(root):
    with Pages(root) as pages:
        result = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", *pages.paths.values()], capture_output=True,
                                text=True)
        assert result.returncode == 0 and not result.stdout + result.stderr, result.stdout + result.stderr
        for path in pages.paths.values():
            text = subprocess.run(["mandoc", "-T", "utf8", path], capture_output=True, text=True).stdout
            long = [line for line in re.sub(".\b", "", text).splitlines() if len(line) > 80]
            assert not long, (path.name, long)


def test_has_the_exit_statuses_of_the_readme(root):
    with Pages(root) as pages:
        section = (pages.root / "README.md").read_text().partition("\n## Exit statuses\n")[2].partition("\n## ")[0]
        cells = [cell for row in section.splitlines() if re.match(r"\| [\d]", row)
                 for cell in row[2:-2].split(" | ")]
        expected = dict(zip(cells[::2], cells[1::2]))
        rows = re.findall(r"^ {5}(\d\S*) +((?:.+\n?)+)", pages.section("shmtool", "EXIT STATUS"), re.M)
        actual = {number: " ".join(text.split()) for number, text in rows}
        assert len(expected) > 15 and actual == expected, (actual, expected)
        for page in set(pages.commands) - {"shmtool"}:
            numbers = re.findall(r"^ {5}(\d\S*) ", pages.section(page, "EXIT STATUS"), re.M)
            assert set(numbers) <= set(expected), (page, numbers)


def run_examples(pages, page):
    """Runs the examples of a page by the script that runs those of the guide, which root runs again as nobody."""
    source = pages.top / f"{page}.md"
    blocks = pages.examples(page)
    assert blocks, page
    source.write_text("".join(f"```console\n{block}```\n" for block in blocks))
    script = pages.root / "Tests" / "ShmToolTests" / "Documentation" / "commands.py"
    result = subprocess.run([sys.executable, "-B", script, source, N], capture_output=True, text=True, env={
        **os.environ, "SHMTOOL": str(pages.top / "shmtool"), "PATH": f"{pages.top}:{os.environ['PATH']}"})
    return "" if result.returncode == 0 else result.stderr


def check_examples(root, is_wanted):
    with Pages(root) as pages:
        shutil.copy(T, pages.top / "shmtool")
        wanted = [page for page in [*pages.commands, "shmtool-stream"] if is_wanted(page)]
        failures = [run_examples(pages, page) for page in wanted]
        assert wanted and not any(failures), "\n\n".join(failures)


def test_prints_what_the_examples_show(root):
    check_examples(root, lambda page: page != "shmtool-copy")


def test_prints_what_the_example_of_copy_shows(root):
    check_examples(root, lambda page: page == "shmtool-copy")


def test_writes_the_same_pages_for_the_same_source_date(root):
    def write(**variables):
        with tempfile.TemporaryDirectory() as top:
            result = subprocess.run([root + "/Scripts/man", "--output", top], capture_output=True, text=True,
                                    env={**os.environ, "SHMTOOL": os.path.realpath(T), **variables})
            assert result.returncode == 0, result.stderr
            return {path.name: path.read_text() for path in pathlib.Path(top).rglob("*.?")}
    # A package is built in another place, language, terminal and time zone.
    pages = write(SOURCE_DATE_EPOCH="1000000000")
    assert pages == write(SOURCE_DATE_EPOCH="1000000000", COLUMNS="40", LC_ALL="C", TZ="Asia/Tokyo",
                          PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    assert ".Dd September 9, 2001\n" in pages["shmtool.1"], pages["shmtool.1"]


def test_refuses_wrong_arguments(root):
    for words, variables, status, message in ((["x"], {}, 64, "unexpected argument 'x'"),
                                              (["--output"], {}, 64, "--output requires a directory"),
                                              ([], {"SHMTOOL": "/missing"}, 66, "cannot run '/missing'")):
        result = subprocess.run([root + "/Scripts/man", *words], capture_output=True, text=True,
                                env={**os.environ, **variables})
        assert result.returncode == status and message in result.stderr and not result.stdout, result
