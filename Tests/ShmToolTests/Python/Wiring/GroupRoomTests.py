import os
import signal

from support import N, P, run
from wiring import create, Group, M


def test_forced():
    for words in [["create", N, "40M"], ["create", N, "--from", "-"], ["resize", N, "40M"],
                  ["map", N, "--populate", "--", "true"], ["map", "--anonymous", "40M", "--", "true"],
                  ["fill", N, "--zero"], ["write", N], ["copy", "-", N]]:
        with Group(24 * M) as group:
            if words[0] != "create":
                create(N, "1M" if words[0] == "resize" else "40M", "--sparse")
            for force in ([], ["--force"]):
                end = words.index("--") if "--" in words else len(words)
                result = run(
                    *words[:end], *force, *words[end:], input=bytes(40 << 20),
                    preexec_fn=group.enter())
                assert result.returncode == (-signal.SIGKILL if force else 79), (words, result)
        if os.path.exists(P):
            os.unlink(P)
    # The limits that the kernel refuses by an error are not touched by it.
    result = run("create", N, "100T", "--force")
    assert result.returncode == 79, result


def test_ancestors():
    with Group(32 * M) as outer:
        inner = Group(256 * M, outer.path[1:] + "/inner")
        with inner as group:
            result = run("create", N, "40M", preexec_fn=group.enter())
            assert result.returncode == 79, result
            assert f"the control group {outer.path} leaves " in result.stderr.decode(), result
            assert run("create", N, "16M", preexec_fn=group.enter()).returncode == 0
        os.unlink(P)
