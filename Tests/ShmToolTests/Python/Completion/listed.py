# Several names: the list shows them without a raw control character, and the word on the line grows to what
# they have in common. Arguments: the shell, and a beginning of names that no other test has.
import json
import os
import shutil
import sys
import tempfile

from terminal import Shell

kind, start = sys.argv[2], sys.argv[1]
TAILS = [
    "esc\x1b]0;title\x07", "clear\x1b[2J", "bidi\u202eX", "c1\u009b2JX", "line\nX", "back\bX", "$(touch pwned)",
    "`touch pwned`", "two words", "'quote",
]
directory = tempfile.mkdtemp()
made, shell = [], None
try:
    for tail in TAILS:
        name = f"{start}a {tail}"
        open("/dev/shm/" + name, "x").close()
        made.append(name)
    shell = Shell(kind, directory)
    for quote in ["", "'", '"']:
        shown = shell.tab(f"shmtool inspect {quote}{start}", count=3)
        assert b"two words" in shown or b"two\\ words" in shown, (kind, quote, shown)
        for raw in ["\x1b]0;title", "\x1b[2J", "\u202eX", "\u009b2J", "line\n", "back\bX", "\x07"]:
            assert raw.encode() not in shown, (kind, quote, raw, shown)
        shell.clear()
    # What is complete up to there is accepted with what a person types then.
    out = directory + "/out"
    shell.enter(f"shmtool inspect --json {start}\ttwo\t >{out}")
    with open(out) as file:
        found = json.load(file)["regions"][0]["inode"]
    assert found == os.stat(f"/dev/shm/{start}a two words").st_ino, (found, shell.seen[-3000:])
    assert os.listdir(shell.work) == [], os.listdir(shell.work)
finally:
    if shell:
        shell.close()
    for name in made:
        os.unlink("/dev/shm/" + name)
    shutil.rmtree(directory)
