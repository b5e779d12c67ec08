import json
import os

from support import N, P, run
from wiring import M, pages


def advise(*words):
    result = run("advise", N, *words, "--json")
    assert result.returncode == 0, result
    return json.loads(result.stdout)


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
        assert "(wired pages and pages that other processes have mapped stay)" in text, text
    finally:
        assert run("unwire", N, "-q").returncode == 0
    assert run("verify", N, "--random", "--seed", "5", "-q").returncode == 0
    assert os.stat(P).st_blocks * 512 == 16 * M
