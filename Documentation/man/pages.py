"""Writes the man pages of shmtool: shmtool(1), a page for each subcommand, and shmtool-stream(7).

    pages.py SHMTOOL DIR

The text comes from three places. The help of the binary SHMTOOL has the synopsis, the description, the options, the
commands and the table of exit statuses. PAGE.mdoc beside this file has what the help does not say: ENVIRONMENT,
FILES, EXIT STATUS, NOTES, EXAMPLES and SEE ALSO. A line @PATH#HEADING in it includes a section of the guide.
"""
import datetime
import json
import os
import pathlib
import re
import subprocess
import sys

from guide import section
from roff import argument, escaped, literal, marked, tagged

HERE = pathlib.Path(__file__).resolve().parent
HOME = HERE.parent.parent
ORDER = ["NAME", "SYNOPSIS", "DESCRIPTION", "COMMANDS", "ARGUMENTS", "OPTIONS", "ENVIRONMENT", "FILES",
         "EXIT STATUS", "NOTES", "EXAMPLES", "SEE ALSO"]
# The column of the descriptions in the help.
LABEL_WIDTH = 26


def option(term):
    """-s, --size SIZE, --watch[=DURATION]"""
    words = []
    for name, value in re.findall(r"(-[^\s,\[]+)((?:\[=\w+\])|(?: [A-Z]\S*)?)", term):
        words += [","] if words else []
        words.append(f"Fl {name[1:]}")
        if value.startswith("["):
            words.append(f"Ns Op = Ns Ar {argument(value[2:-1])}")
        elif value:
            words.append(f"Ar {argument(value[1:])}")
    return " ".join(words).replace(" , Fl", " ,")


def discussion(text):
    """Paragraphs, and tables whose rows are indented."""
    lines = []
    for block in text.split("\n\n"):
        lines.append(".Pp")
        rows = []
        for line in block.split("\n") + [""]:
            row = re.fullmatch(r"  (\S.*?)  +(\S.*)", line)
            if row:
                rows.append(row.groups())
                continue
            if rows:
                longest = max(len(term) for term, _ in rows)
                lines += tagged(rows, literal, f"{longest}n -compact")
                rows = []
            lines += marked(line)
    return lines[1:]


def synopsis(usage):
    """[OPTIONS] REGION [NAME | PATTERN] ... [-- CMD ...]"""
    def item(word):
        if word == "--":
            return "Fl -"
        return word if word == "|" else f"Ar {argument(word)}"

    lines = []
    for group, word in re.findall(r"\[([^\]]+)\]|(\S+)", usage):
        lines.append("." + ("Op " if group else "") + " ".join(item(each) for each in (group or word).split()))
    return lines


class Help:
    """The parts of a help page: its usage, and for each section its rows."""

    def __init__(self, text):
        self.abstract = re.match(r"OVERVIEW: (.+)", text)[1]
        self.usage = re.search(r"^USAGE: (.+)", text, re.M)[1]
        self.sections = {}
        for heading, body in re.findall(r"^([A-Z ]+):\n((?:  .*\n)+)", text, re.M):
            self.sections[heading] = self.rows(body.splitlines())

    @staticmethod
    def rows(lines):
        rows = []
        for line in lines:
            if not line.startswith(" " * 8):
                head, text = line, ""
                if len(line) > LABEL_WIDTH and line[LABEL_WIDTH - 1] == " ":
                    head, text = line[:LABEL_WIDTH], line[LABEL_WIDTH:]
                rows.append((head.strip(), text))
            else:
                rows[-1] = (rows[-1][0], f"{rows[-1][1]} {line.strip()}".strip())
        return rows


class Sources:
    """The binary's help, and the sections that are written by hand."""

    def __init__(self, tool):
        self.tool = tool
        try:
            self.tree = json.loads(self.run("--experimental-dump-help"))["command"]
        except (OSError, ValueError, KeyError):
            print(f"Scripts/man: '{tool}' is not shmtool; set SHMTOOL to a shmtool binary", file=sys.stderr)
            sys.exit(65)
        self.version = self.run("--version").split()[1]
        # The date of the pages is that of the binary, or the one that a package's build gives.
        time = int(os.environ.get("SOURCE_DATE_EPOCH") or os.stat(tool).st_mtime)
        self.date = datetime.datetime.fromtimestamp(time, datetime.timezone.utc)

    def run(self, *words):
        environment = {**os.environ, "COLUMNS": "80"}
        return subprocess.run([self.tool, *words], check=True, stdout=subprocess.PIPE, encoding="utf-8",
                              env=environment).stdout

    @staticmethod
    def by_hand(page):
        """The sections of a file, whose literal blocks are plain text there."""
        sections, name, is_literal = {}, None, False
        path = HERE / f"{page}.mdoc"
        if not path.exists():
            sys.exit(f"Scripts/man: cannot find '{path.relative_to(HOME)}'; CONTRIBUTING.md describes this file")
        for line in path.read_text("utf-8").splitlines():
            if line.startswith('.\\"'):
                continue
            if line.startswith(".Sh "):
                name = line[4:]
                sections[name] = []
                continue
            if line.startswith("@"):
                source, heading = line[1:].split("#")
                sections[name] += section((HOME / source).read_text("utf-8"), heading)
                continue
            is_literal = line != ".Ed" and (is_literal or line.startswith(".Bd -literal"))
            is_text = is_literal and not line.startswith(".Bd -literal")
            sections[name].append(escaped(line, hyphens=True) if is_text else line)
        return sections

    def page(self, name, number, sections):
        # The first line is for man(1): the page may contain tables for tbl(1).
        lines = [r"""'\" t""", f".Dd {self.date:%B} {self.date.day}, {self.date.year}", f".Dt {name.upper()} {number}",
                 f".Os shmtool {self.version}"]
        unknown = set(sections) - set(ORDER) if number == 1 else ()
        if unknown:
            sys.exit(f"Scripts/man: {name}: unexpected section {', '.join(sorted(unknown))}")
        for heading in ORDER if number == 1 else sections:
            if heading in sections:
                lines += [f".Sh {heading}", *sections[heading]]
        return "\n".join(lines) + "\n"

    def command(self, info):
        """The page of the program or of a subcommand."""
        is_program = info is self.tree
        word = info["commandName"]
        name = word if is_program else f"shmtool-{word}"
        help = Help(self.run("help", *([] if is_program else [word])))
        names = [name] + [f"shmtool-{alias}" for alias in info.get("aliases", [])]
        program, _, usage = help.usage.partition(" " if is_program else f" {word} ")
        sections = {
            "NAME": [f".Nm {each}" + (" ," if each != names[-1] else "") for each in names]
            + [f".Nd {help.abstract}"],
            "SYNOPSIS": [f".Nm {program}" + ("" if is_program else f" {word}"), *synopsis(usage)],
            "DESCRIPTION": discussion(info.get("discussion", help.abstract + ".")),
        }
        for alias in info.get("aliases", []):
            sections["DESCRIPTION"] += [".Pp", f".Ql shmtool {alias}", "is the same command."]
        if "ARGUMENTS" in help.sections:
            sections["ARGUMENTS"] = tagged(help.sections["ARGUMENTS"], lambda term: "Ar " + argument(term))
        sections["OPTIONS"] = tagged(help.sections["OPTIONS"], option)
        groups = [each for each in help.sections if each.endswith(" SUBCOMMANDS")]
        if groups:
            sections["COMMANDS"] = [line for each in groups for line in [
                f".Ss {each.split()[0].capitalize()}",
                *tagged(help.sections[each], lambda term: f"Xr shmtool-{term.split(',')[0]} 1", "18n -compact")]]
        by_hand = self.by_hand(name)
        status = by_hand.setdefault("EXIT STATUS", [])
        if is_program:
            status += [".Bl -tag -width 128+N"]
            for row in re.search(r"^EXIT STATUS:\n((?:  .*\n)+)", self.run("help"), re.M)[1].splitlines():
                number, meaning = row.split(None, 1)
                status += [f".It {number}", *marked(meaning)]
            status += [".El"]
        else:
            status += [".Pp"] if status else []
            status += [".Xr shmtool 1", f"lists {'all other' if len(status) else 'the'} exit statuses."]
        repeated = set(sections) & set(by_hand)
        if repeated:
            sys.exit(f"Scripts/man: {name}: the help has the section {', '.join(sorted(repeated))}")
        return self.page(name, 1, {**sections, **by_hand})


def main():
    tool, output = os.path.realpath(sys.argv[1]), pathlib.Path(sys.argv[2])
    sources = Sources(tool)
    pages = {"man7/shmtool-stream.7": sources.page("shmtool-stream", 7, sources.by_hand("shmtool-stream"))}
    for info in [sources.tree, *sources.tree["subcommands"]]:
        if info["commandName"] != "help":
            name = "shmtool" if info is sources.tree else f"shmtool-{info['commandName']}"
            pages[f"man1/{name}.1"] = sources.command(info)
    for path, text in pages.items():
        (output / path).parent.mkdir(parents=True, exist_ok=True)
        (output / path).write_text(text, "utf-8")
    print(f"wrote {len(pages)} pages below {output}")


main()
