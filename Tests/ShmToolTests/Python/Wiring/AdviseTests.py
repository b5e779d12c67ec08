import json
import os

from support import N, P, run
from wiring import M, PAGE


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
