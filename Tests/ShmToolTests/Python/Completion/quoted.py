# What bash is given is its own notation of exactly these bytes, whatever has been typed before. Every answer is
# put in place as readline does it, and bash reads the line. Argument: a beginning of names.
import os
import random
import subprocess
import sys

from terminal import T

start = sys.argv[1]
random.seed(14)
ALPHABET = "ab '\"\\$`!*?[]{}()<>|&;#~=:@%^,\n\t\r\x01\x1b\x7f\u00e9\u202e\u4e2d\u009b"
BREAKS = " \t\n\"'@><=;|&(:"
names = [start + "%03d" % n + "".join(random.choices(ALPHABET, k=random.randint(1, 12))) for n in range(120)]
made = []


def typed_forms(text):
    """Ways to type a beginning, with the bytes that stay before readline's word and its own word."""
    yield "", text
    yield "'", text
    yield '"', text
    yield "$'", text
    yield text[:3] + "'", text[3:]
    yield text[:3] + '"', text[3:]
    yield "'" + text[:3] + "'", text[3:]



try:
    for name in names:
        open("/dev/shm/" + name, "x").close()
        made.append(name)
    checks, words = [], []
    for number, name in enumerate(names):
        forms = list(typed_forms(name[:len(start) + 3]))
        for before, text in [forms[number % 7]]:
            line = "shmtool inspect " + before + text
            # A quotation that is closed stays in the word; one that is open begins it.
            readline = text if before[-1:] in ["'", '"', ""] and before.count("'") != 2 else before + text
            answer = subprocess.run([T, "---complete", "bash", line, BREAKS, readline], capture_output=True)
            assert answer.returncode == 0 and not answer.stderr, answer
            lines = answer.stdout.decode().split("\n")
            assert lines[0] == "space" and len(lines) == 3, (name, line, lines)
            assert all(c.isprintable() for c in lines[1]), lines
            kept, word = line[: len(line) - len(readline)], lines[1]
            if kept[-1:] in ["'", '"'] and word[:1] == kept[-1:]:
                kept = kept[:-1]
            if before[-1:] in ["'", '"'] and before.count("'") != 2 and word[-1:] != before[-1:]:
                word += before[-1:]
            words.append(kept[len("shmtool inspect "):] + word)
            checks.append(name)
    told = subprocess.run(
        ["bash", "-c", "printf '%s\\0' " + " ".join(words)], capture_output=True, cwd="/", check=True)
    got = told.stdout.decode().split("\0")[:-1]
    for name, word, read in zip(checks, words, got, strict=True):
        assert read in (name, "/" + name), (name, word, read)
finally:
    for name in made:
        os.unlink("/dev/shm/" + name)
