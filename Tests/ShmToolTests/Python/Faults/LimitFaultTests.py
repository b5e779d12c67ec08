import os
import stat

from faults import sound, traced
from support import allocated, N, P, run


def test_attach(error, code, text):
    code = int(code)
    with open(P, "r+b") as file:
        file.write(os.urandom(65536))
    content, before = open(P, "rb").read(), os.stat(P)
    for words in (["inspect", N], ["read", N], ["write", N], ["fill", N, "--zero"],
                  ["verify", N, "--zero"], ["resize", N, "128K"], ["remove", N],
                  ["map", N, "--", "true"], ["wire", N, "--", "true"],
                  ["create", N, "64K", "--open"]):
        result = traced(f"openat:error={error}", *words, path=P, input=b"xyz")
        assert result.returncode == code, (words, result)
        told = result.stderr.decode()
        assert text in told and told.startswith("shmtool: ") and N in told, result
        assert result.stdout == b"", result
    after = os.stat(P)
    assert (after.st_ino, after.st_size) == (before.st_ino, before.st_size)
    assert open(P, "rb").read() == content


def test_addresses():
    import resource
    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))
    part = ["--offset", "63G", "--length", "64K"]
    for words in (["map", N, "--", "true"], ["wire", N, "--force", "--", "true"],
                  ["map", "--private", "--read-only", N, "--", "true"]):
        result = sound(run(*words, preexec_fn=limit), words)
        assert result.returncode in (71, 78, 79), (words, result)
        assert N in result.stderr.decode() and len(result.stderr) > 40, result
    for words in (["fill", N, "--sequence", *part], ["verify", N, "--sequence", *part],
                  ["read", N, *part], ["wait", N, "--size", "64G"],
                  ["resize", N, "65G", "--sparse"]):
        result = run(*words, preexec_fn=limit)
        assert result.returncode == 0, (words, result)
    sound(run("inspect", N, "--json", preexec_fn=limit))
    assert allocated(P) == 65536


def test_file_size():
    import resource
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (16384, 16384))
    for words in (["resize", N, "128K"], ["create", N + "-x", "64K"],
                  ["create", N + "-x", "64K", "--sparse"], ["create", N + "-x", "--from", "-"]):
        result = run(*words, preexec_fn=limit, input=b"x" * 65536)
        assert result.returncode == 74, (words, result)
        text = result.stderr.decode()
        assert "file too large (the limit on file sizes is 16 KiB); " in text, (words, result)
        assert "; the limit on file sizes was lowered for this command (prlimit, ulimit): " in text, text
        # The soft limit may be raised up to the hard one.
        result = run(*words, input=b"x" * 65536, preexec_fn=lambda: resource.setrlimit(
            resource.RLIMIT_FSIZE, (16384, resource.getrlimit(resource.RLIMIT_FSIZE)[1])))
        assert b"with 'ulimit -S -f unlimited'" in result.stderr, (words, result)
        assert os.stat(P).st_size == 65536 and not os.path.exists(P + "-x"), words
    # Writing existing bytes does not enlarge the file.
    for words in (["write", N], ["fill", N, "--byte", "1"], ["fill", N, "--file", "-"]):
        result = run(*words, preexec_fn=limit, input=b"x" * 65536)
        assert result.returncode == 0, (words, result)
    assert run("verify", N, "--byte", "120").returncode == 0
    for words in (["read", N], ["verify", N, "--zero"], ["inspect", N], ["map", N, "--", "true"]):
        assert run(*words, preexec_fn=limit).returncode in (0, 1), words


def test_umask(mask):
    mask = int(mask)
    for mode in (0o640, 0o666, 0o000):
        for refused in ([], ["linkat:error=EPERM"]):
            for words in (["4096"], ["--from", "-"], ["4096", "--open"]):
                result = traced(
                    refused, "create", N, *words, "--mode", f"{mode:o}", input=b"x" * 4096,
                    preexec_fn=lambda: os.umask(mask))
                assert result.returncode == 0, (words, result)
                assert stat.S_IMODE(os.stat(P).st_mode) == mode, (words, os.stat(P))
                os.unlink(P)
