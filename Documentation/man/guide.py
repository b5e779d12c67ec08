"""A section of the guide, whose pages are Markdown, as mdoc(7) with tables for tbl(1)."""
import re
import sys

from roff import BLANK, BOLD, ITALIC, ROMAN, escaped, marked

# The columns that a table may fill, and the width from which a column's text is broken into lines.
WIDTH, LONG = 70, 24


def inline(text):
    """Code in bold and emphasis in italics. ``Type/member`` is a link of the guide."""
    def code(match):
        word = match[2].replace("/", ".") if match[1] == "``" else match[2]
        return BOLD + word.replace(" ", BLANK) + ROMAN

    text = re.sub(r"(``?)(.+?)\1", code, text)
    text = re.sub(r"\*(\w[\w ]*)\*", lambda match: ITALIC + match[1].replace(" ", BLANK) + ROMAN, text)
    return re.sub(r"<doc:(\w+)>", r"\1", text)


def plain_length(text):
    return len(re.sub("[\ue000-\ue002]", "", text))


def table(lines):
    """A table. Its long columns share the width that the others leave."""
    rows = [[inline(cell.strip()) for cell in line[1:-1].split("|")] for line in lines if "---" not in line]
    widths = [max(plain_length(row[column]) for row in rows) for column in range(len(rows[0]))]
    narrow = sum(width + 3 for width in widths if width <= LONG)
    total = sum(width for width in widths if width > LONG)
    formats = [f"lw({(WIDTH - narrow) * width // total - 1}n)" if width > LONG else "l" for width in widths]
    found = [".TS", "tab(@);", " ".join("lb" + each[1:] for each in formats), " ".join(formats) + "."]
    for row in rows:
        found.append("@".join(f"T{{\n{escaped(cell)}\nT}}" if cell and width > LONG else escaped(cell)
                              for cell, width in zip(row, widths)))
    return [*found, ".TE"]


def listed(items, kind):
    found = [f".Bl -{kind} -width 2n -compact"]
    for item in items:
        found += [".It", *marked(inline(item))]
    return [*found, ".El"]


def block(text):
    """A paragraph, a list, a table, or code."""
    lines = text.split("\n")
    if lines[0].startswith("|"):
        return table(lines)
    for pattern, kind in ((r"- ", "bullet"), (r"\d+\. ", "enum")):
        if re.match(pattern, lines[0]):
            items = re.split(rf"\n{pattern}", "\n" + text)[1:]
            return listed([" ".join(item.split()) for item in items], kind)
    if lines[0].startswith("    "):
        return [".Bd -literal -offset 2n", *(escaped(line[4:], hyphens=True) for line in lines), ".Ed"]
    return marked(inline(text))


def section(page, heading):
    """The section of a page that has this heading, without the sections below it."""
    text = re.search(rf"^##+ {re.escape(heading)}\n\n(.*?)\n*(?=^##|\Z)", page, re.M | re.S)
    if not text:
        sys.exit(f"Scripts/man: the guide has no section '{heading}'")
    lines = []
    for part in re.split(r"\n\n+", text[1]):
        found = block(part)
        lines += found if not lines or found[0].startswith(".Bd") else [".Pp", *found]
    return lines
