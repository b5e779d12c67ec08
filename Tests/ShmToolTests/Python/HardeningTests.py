import glob
import os
import re
import subprocess

from support import start, T, until


def readelf(*words):
    return subprocess.run(["readelf", "-W", *words, T], capture_output=True, text=True, check=True).stdout


# The segments as (type, address, size, flags).
def segments():
    found = []
    for line in readelf("-l").splitlines():
        match = re.match(r"\s+([A-Z_]+)\s+0x\S+ 0x(\S+) 0x\S+ 0x\S+ 0x(\S+) ([RWE ]{3}) ", line)
        if match:
            found.append((match[1], int(match[2], 16), int(match[3], 16), match[4]))
    assert {"LOAD", "GNU_RELRO", "GNU_STACK"} <= {one[0] for one in found}, found
    return found


# The sections that are loaded as (name, address, size, flags).
def sections():
    found = []
    for line in readelf("-S").splitlines():
        match = re.match(r"\s+\[\s*\d+\] (\S+)\s+\S+\s+([0-9a-f]{16}) [0-9a-f]+ ([0-9a-f]+) [0-9a-f]+\s+([A-Za-z]*)\s", line)
        if match and "A" in match[4]:
            found.append((match[1], int(match[2], 16), int(match[3], 16), match[4]))
    assert {".text", ".rodata", ".data"} <= {one[0] for one in found}, found
    return found


def inside(address, size, area):
    return area[1] <= address and address + size <= area[1] + area[2]


# The addresses of the program's code in a process.
def code(pid):
    return [line.split("-")[0] for line in open(f"/proc/{pid}/maps")
            if " r-xp " in line and line.rstrip().endswith("/" + os.path.basename(T))]


def test_position():
    assert "DYN" in re.search(r"Type:\s+(.*)", readelf("-h"))[1]
    # Processes that wait for a region.
    places = set()
    for _ in range(4):
        process = start("wait", "shmtool-test-%d-never" % os.getpid())
        until(lambda: process.poll() is not None or code(process.pid))
        places.add(code(process.pid)[0])
        process.kill()
        process.wait()
    assert len(places) > 1, places


def test_segments():
    for kind, _, _, flags in segments():
        assert not ("W" in flags and "E" in flags), (kind, flags)
        assert kind != "GNU_STACK" or "E" not in flags, flags


def test_constants():
    loads = [one for one in segments() if one[0] == "LOAD"]
    relro = [one for one in segments() if one[0] == "GNU_RELRO"]
    for name, address, size, flags in sections():
        writable = any("W" in load[3] and inside(address, size, load) for load in loads)
        if name.startswith((".rodata", ".eh_frame", "swift5_type", "swift5_proto", ".text")):
            assert not writable and "W" not in flags, name
        if name.startswith((".data.rel.ro", ".got", ".dynamic", ".init_array", ".fini_array")):
            assert any(inside(address, size, area) for area in relro), name
    assert "BIND_NOW" in readelf("-d")


def test_dependencies():
    assert not re.search(r"\((NEEDED|RPATH|RUNPATH|TEXTREL)\)", readelf("-d"))
    assert "INTERP" not in {one[0] for one in segments()}


# The objects are beside a binary that this folder's package has built.
def test_compiled():
    top = os.path.dirname(os.path.realpath(T))
    # Both have arrays on the stack.
    for name in ("CShm.build/files.c.o", "CShmTool.build/channels.c.o"):
        text = subprocess.run(["nm", "-u", f"{top}/{name}"], capture_output=True, text=True, check=True).stdout
        assert "__stack_chk_fail" in text, (name, text)
    objects = glob.glob(top + "/CShm*.build/*.o")
    text = subprocess.run(["nm", "-u", *objects], capture_output=True, text=True, check=True).stdout
    assert re.search(r"U __\w+_chk\b", text), text
