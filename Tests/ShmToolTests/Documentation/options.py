"""Checks that every option that the README, the guide and the other pages show for a command exists.

    options.py CHECKOUT
"""

import os, pathlib, re, subprocess, sys

checkout = pathlib.Path(sys.argv[1])
tool = os.environ["SHMTOOL"]
helps = {}


def help_of(*command):
    if command not in helps:
        result = subprocess.run([tool, *command, "--help"], capture_output=True, text=True)
        helps[command] = result.stdout if result.returncode == 0 else ""
    return helps[command]


def fragments(text):
    """The command lines of a page: with shmtool in code blocks, and with or without it in inline code."""
    blocks = re.findall(r"^```(?:sh|console)$(.*?)^```$|^((?:    .+\n)+)", text, re.M | re.S)
    for block in (part for pair in blocks for part in pair):
        yield from re.findall(r"shmtool ([a-z]+ [^\n]*)", block)
    for span in re.findall(r"`([^`\n]+)`", text):
        yield span.removeprefix("shmtool ")


checked, failed = 0, []
commands = set(re.findall(r"^  ([a-z]+)(?:, [a-z]+)*\s", help_of(), re.M)) - {"help"}
assert len(commands) > 15, commands
for page in [*checkout.glob("*.md"), *(checkout / "Sources").rglob("*.docc/*.md")]:
    for fragment in fragments(page.read_text()):
        # A second command of the line is a fragment too; what follows "--" belongs to another program.
        words = re.split(r" -- |[|&;#]| shmtool ", fragment)[0].split()
        if not words or words[0] not in commands:
            continue
        for option in (word for word in words if re.match(r"--?[a-z]", word)):
            option = re.match(r"--?[a-z-]+", option)[0]
            checked += 1
            if not re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", help_of(words[0])):
                failed.append(f"{page.relative_to(checkout)}: {' '.join(words)}: there is no {option}")
assert checked > 50, f"only {checked} options were found"
if failed:
    sys.exit("\n".join(failed))
print(checked, "options exist")
