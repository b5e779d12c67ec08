import atexit
import json
import os
import subprocess
import sys

from frames import marks
from support import line, run, stop, until
from wiring import holder, K, mappings, PAGE


# An overlay in `place` whose lower layer has a file, and a process that maps the file.
place = "/dev/shm/overlay"
for name in ("lower", "upper", "work", "merged"):
    os.makedirs(f"{place}/{name}")
with open(place + "/lower/file", "wb") as file:
    file.write(os.urandom(16 * PAGE))
layers = f"lowerdir={place}/lower,upperdir={place}/upper,workdir={place}/work"
mounted = subprocess.run(
    ["mount", "-t", "overlay", "overlay", "-o", layers, place + "/merged"], capture_output=True)
if mounted.returncode != 0:
    print("no overlayfs here")
    sys.exit(0)
path = place + "/merged/file"
other = subprocess.Popen(
    [sys.executable, "-c", '''import mmap, os, sys
file = os.open(sys.argv[1], os.O_RDONLY)
memory = mmap.mmap(file, 0, prot=mmap.PROT_READ)
sum(memory[::mmap.PAGESIZE])
print(flush=True)
sys.stdin.read()''', path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
line(other.stdout)
[theirs] = mappings(other.pid, path)


def end():
    other.stdin.close()
    other.wait()


atexit.register(end)


def test_lower():
    assert marks(other.pid, theirs["at"], 16) == [0] * 16
    process, text = holder("file:" + path, "--json")
    told = json.loads(text)
    assert told["not_wired"] == [] and told["regions"][0]["marked"] == 16 * PAGE, told
    assert os.listdir(place + "/upper") == []
    assert marks(other.pid, theirs["at"], 16) == [1] * 16
    assert stop(process)[0] == -15
    until(lambda: marks(other.pid, theirs["at"], 16) == [0] * 16)


def test_copied_up():
    with open(path, "ab") as file:
        file.write(b"x")
    process, text = holder("file:" + path, "--range", "0+32K", "--json")
    [row] = json.loads(text)["not_wired"]
    assert (row["pid"], row["bytes"]) == (other.pid, 32 * K), row
    assert row["command"].startswith("python"), row
    # It is true.
    assert marks(other.pid, theirs["at"], 16) == [0] * 16
    assert stop(process)[0] == -15
    result = run("wire", "file:" + path, "--for", "0")
    told = f"not wired: 64 KiB of '{path}' in process {other.pid} (python"
    assert result.returncode == 0 and told in result.stderr.decode(), result
    end()
    assert b"not wired" not in run("wire", "file:" + path, "--for", "0").stderr
