import os
import re
import subprocess
import tempfile

from support import T

FILES = {
    "bin/shmtool", "share/bash-completion/completions/shmtool", "share/zsh/site-functions/_shmtool",
    "share/fish/vendor_completions.d/shmtool.fish",
}


def files(top):
    return {os.path.relpath(os.path.join(place, name), top) for place, _, names in os.walk(top) for name in names}


def test_installs(root):
    def install(*words, **variables):
        return subprocess.run([root + "/Scripts/install", *words], capture_output=True, text=True, timeout=60,
                              env={**os.environ, "SHMTOOL": os.path.realpath(T), **variables})
    help = install("--help")
    assert help.returncode == 0 and help.stdout.startswith("USAGE:") and "--uninstall" in help.stdout, help
    with tempfile.TemporaryDirectory() as top:
        for words, variables, place in ((["--prefix", top + "/a b"], {}, top + "/a b"),
                                        (["--prefix=/opt"], {"DESTDIR": top + "/stage"}, top + "/stage/opt")):
            result = install(*words, **variables)
            assert result.returncode == 0 and place + "/bin/shmtool" in result.stdout, result
            # The pages come from the binary's help, see ManTests.
            pages = {name for name in files(place) if re.fullmatch(r"share/man/man([17])/shmtool(-[a-z]+)?\.\1", name)}
            assert files(place) == FILES | pages and len(pages) > 20, files(place)
            assert {"share/man/man1/shmtool.1", "share/man/man7/shmtool-stream.7"} < pages, pages
            assert subprocess.run([place + "/bin/shmtool", "--version"]).returncode == 0
            assert "shmtool" in open(place + "/share/fish/vendor_completions.d/shmtool.fish").read()
            # Another program's file stays.
            open(place + "/bin/other", "w").close()
            result = install("--uninstall", *words, **variables)
            assert result.returncode == 0 and f"removed {4 + len(pages)} files" in result.stdout, result
            assert files(place) == {"bin/other"}, files(place)
            assert "removed 0 files" in install("--uninstall", *words, **variables).stdout
