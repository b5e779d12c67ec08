# Hostile names are completed and run: each reaches its region, and nothing else happens. Arguments: the
# shell, and a beginning of names that no other test has.
import json
import os
import re
import shutil
import sys
import tempfile

from terminal import Shell

kind, start = sys.argv[2], sys.argv[1]
TAILS = [
    "plain", "two words", "$(touch pwned)", "`touch pwned`", "line\ntouch pwned\n", "it's", 'say"x"',
    "back\\slash", "*?[a-z]{b,c}", "!!bang!", "esc\x1b[2J\x07", "bidi\u202etxt", "\u00e9t\u00e9",
    "#hash", "~root", "$HOME", ";touch pwned;", "a&touch pwned&", ">pwned", "<(touch pwned)", "c1\u009b2J",
    "blank ", "=x:y=z@2", "\\n\\x41", "%s%n", "\u200b", "'$(touch pwned)'", "\"`touch pwned`\"", "'", "\r",
    "tab\ttouch pwned", "bad\udcff\udcfe x", "half\udcc3", "\udc80$(touch pwned)\udcff'",
]
if kind == "fish":
    # It would show invisible characters as they are, and takes a tab for the end: these are not offered.
    TAILS = [tail for tail in TAILS if not re.search("[\t\u202e\u009b\u200b]", tail)]
# What fish cannot show is offered in its encoded form.
ENCODED = re.compile("[\udc80-\udcff]")
QUOTES = ["", "'", '"', "\\", "/"]
directory = tempfile.mkdtemp()
made, shell = [], None
try:
    shell = Shell(kind, directory)
    out = directory + "/out"
    for number, tail in enumerate(TAILS):
        name = f"{start}{number:02}{tail}"
        with open("/dev/shm/" + name, "x") as file:
            made.append(name)
            file.truncate(4096)
        inode = os.stat("/dev/shm/" + name).st_ino
        # In an open quotation zsh is offered no bytes that are not UTF-8, which it would change.
        for quote in [QUOTES[number % 5] if kind != "zsh" or not ENCODED.search(tail) else ""]:
            typed = f"shmtool inspect --json {quote}{start}{number:02}"
            if kind == "fish" and ENCODED.search(tail):
                typed = f"shmtool inspect --json bytes:{start}{number:02}"
            shell.enter(f"{typed}\t >{out}")
            with open(out) as file:
                text = file.read()
            assert text, (kind, name, quote, shell.seen[-3000:])
            found = [region["inode"] for region in json.loads(text)["regions"]]
            assert found == [inode], (kind, name, quote, found, shell.seen[-3000:])
    assert os.listdir(shell.work) == [], os.listdir(shell.work)
finally:
    if shell:
        shell.close()
    for name in made:
        os.unlink("/dev/shm/" + name)
    shutil.rmtree(directory)
