import fcntl
import json
import mmap
import os

from support import N, P, run


def test_users():
    file = os.open(P, os.O_RDONLY)
    memory = mmap.mmap(file, 8192, mmap.MAP_PRIVATE, mmap.PROT_READ, offset=4096)
    region = json.loads(run("inspect", N, "--json").stdout)["regions"][0]
    assert region["used"] is True, region
    user = next(user for user in region["users"] if user["pid"] == os.getpid())
    [mapping] = user["mappings"]
    assert (mapping["offset"], mapping["length"]) == (4096, 8192), mapping
    assert (mapping["sharing"], mapping["protection"]) == ("private", "read-only"), mapping
    assert int(mapping["address"], 16) % 4096 == 0, mapping
    assert file in user["descriptors"], user
    text = run("inspect", N).stdout.decode()
    [row] = [row.split() for row in text.splitlines() if "private" in row]
    begin, end = (int(part, 16) for part in row[2].split("-"))
    assert (row[0], end - begin) == (str(os.getpid()), 8192), row
    assert row[3:7] == ["4", "KiB", "private", "read-only"], row


def test_memory_file():
    file = os.memfd_create("shmtool-test", os.MFD_ALLOW_SEALING)
    os.ftruncate(file, 8192)
    fcntl.fcntl(file, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW)
    result = run("inspect", f"pid:{os.getpid()}:{file}", "--json")
    assert result.returncode == 0, result
    region = json.loads(result.stdout)["regions"][0]
    assert region["region"] == f"pid:{os.getpid()}:{file}", region
    assert region["seals"] == ["shrink", "grow"], region
    assert (region["size"], region["links"]) == (8192, 0), region
    text = run("inspect", f"pid:{os.getpid()}:{file}").stdout.decode()
    assert "shrink, grow" in text, text


def test_small(size):
    with open(P, "wb") as file:
        file.write(b"x" * int(size))
    result = run("inspect", N, "--json")
    assert result.returncode == 0, result
    region = json.loads(result.stdout)["regions"][0]
    assert region["size"] == int(size), region
    pages = region["pages"]
    assert pages["allocated"] == pages["resident"] == 4096 * int(size), pages
