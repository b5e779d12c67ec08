# Completion looks and does nothing else: it opens nothing for writing, connects to nothing, locks nothing, takes
# no lease, makes and removes nothing, and says nothing.
import os
import re
import subprocess
import sys
import tempfile

from terminal import T

name = sys.argv[1]
open("/dev/shm/" + name, "x").close()
try:
    for line in ["", "in", f"inspect {name}", "inspect ", "remove ", "seal pid:", "recv ", "list --output ",
                 "list --pid ", "list --user ", "copy file:/dev/shm/", "wire x -- l", "fill x --", "nonsense x",
                 "inspect \"$(touch /tmp/x)", "inspect $'\\x", "copy '", "list --kind=", "inspect -- -"]:
        for shell in ["bash", "fish"]:
            with tempfile.NamedTemporaryFile("r", errors="replace") as log:
                words = [T, "---complete", shell, "shmtool " + line, " \t\n:=", line.split(" ")[-1]]
                told = subprocess.run(["strace", "-f", "-qq", "-o", log.name, *words], capture_output=True, timeout=60)
                assert told.returncode == 0 and told.stderr == b"", (words, told)
                begun = False
                for text in log:
                    # What the dynamic linker did is before this.
                    begun = begun or "SIGXFSZ" in text
                    call = text.split(" ", 1)[1].lstrip().split("(")[0]
                    assert not (begun and re.search(r"O_WRONLY|O_RDWR|O_CREAT|F_SETLEASE|F_SETLK", text)), text
                    assert call not in ["connect", "flock", "unlink", "unlinkat", "mkdir", "mkdirat", "linkat",
                                        "rename", "renameat2", "chmod", "fchmod", "ftruncate", "kill"], text
                    assert not (begun and call in ["execve", "fork", "vfork"]), text
                    assert not (call in ["clone", "clone3"] and "CLONE_THREAD" not in text), text
finally:
    os.unlink("/dev/shm/" + name)
