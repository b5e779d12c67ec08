import os
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
    # ManTests checks that there is a page for each command.
    names = [name.removesuffix(".mdoc") for name in os.listdir(root + "/Documentation/man") if name.endswith(".mdoc")]
    sections = {name: 7 if name == "shmtool-stream" else 1 for name in names}
    pages = {f"share/man/man{section}/{name}.{section}" for name, section in sections.items()}
    assert "shmtool" in names and len(pages) > 20, names
    with tempfile.TemporaryDirectory() as top:
        for words, variables, place in ((["--prefix", top + "/a b"], {}, top + "/a b"),
                                        (["--prefix=/opt"], {"DESTDIR": top + "/stage"}, top + "/stage/opt")):
            result = install(*words, **variables)
            assert result.returncode == 0 and place + "/bin/shmtool" in result.stdout, result
            assert files(place) == FILES | pages, files(place) ^ (FILES | pages)
            assert subprocess.run([place + "/bin/shmtool", "--version"]).returncode == 0
            assert "shmtool" in open(place + "/share/fish/vendor_completions.d/shmtool.fish").read()
            # Another program's file stays.
            open(place + "/bin/other", "w").close()
            result = install("--uninstall", *words, **variables)
            assert result.returncode == 0 and f"removed {4 + len(pages)} files" in result.stdout, result
            assert files(place) == {"bin/other"}, files(place)
            assert "removed 0 files" in install("--uninstall", *words, **variables).stdout
