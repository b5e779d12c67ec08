import json
import os

from support import N, P, run
from wiring import M, PAGE, pages


def advise(*words):
    result = run("advise", N, *words, "--json")
    assert result.returncode == 0 and not result.stderr, result
    return json.loads(result.stdout)


def test_without_swap():
    assert run("fill", N, "--random", "-q").returncode == 0
    with open(P, "r+b") as file:
        contents = file.read()
        file.truncate(3 * M)
    blocks = os.stat(P).st_blocks
    for advice in ("cold", "pageout", "willneed"):
        done = advise(advice)
        assert (done["advice"], done["offset"]) == (advice, 0), done
        assert done["before"] == done["after"] == {"resident": M, "swapped": 0}, done
    # The range is extended to whole pages.
    done = advise("cold", "--offset", "5000", "--length", "1")
    assert done["offset"] == PAGE and done["length"] == done["after"]["resident"] == PAGE, done
    text = run("advise", N, "pageout").stderr.decode()
    assert text.startswith(f"advised 'pageout' for 3 MiB of '{N}' at offset 0: before 1 MiB resident, 0 B swapped; "
                           "now 1 MiB resident, 0 B swapped (no swap space is free)"), text
    assert os.stat(P).st_blocks == blocks
    with open(P, "rb") as file:
        assert file.read(M) == contents


def test_pages():
    assert run("fill", N, "--random", "--seed", "5", "-q").returncode == 0
    done = advise("pageout", "--offset", "4M", "--length", "8M")
    assert done["before"] == {"resident": 8 * M, "swapped": 0}, done
    # The kernel may keep some pages, for example those on a list of another processor.
    assert done["after"]["swapped"] > 6 * M, done
    assert done["after"]["resident"] + done["after"]["swapped"] == 8 * M, done
    counts = pages(N)
    assert counts["swapped"] == done["after"]["swapped"], (counts, done)
    again = advise("willneed", "--offset", "4M", "--length", "2M")
    assert again["before"]["swapped"] > 0 and again["after"] == {"resident": 2 * M, "swapped": 0}, again
    assert pages(N)["swapped"] < counts["swapped"]
    # What another process has locked stays.
    assert run("wire", N, "--background", "-q", "--range", "0:1M").returncode == 0
    try:
        kept = advise("pageout", "--length", "1M")
        assert kept["after"] == {"resident": M, "swapped": 0}, kept
        text = run("advise", N, "pageout", "--length", "1M").stderr.decode()
        assert "(wired pages and pages mapped by other processes stay resident)" in text, text
    finally:
        assert run("unwire", N, "-q").returncode == 0
    assert run("verify", N, "--random", "--seed", "5", "-q").returncode == 0
    assert os.stat(P).st_blocks * 512 == 16 * M
