"""The frames of pages of a process, and whether each is marked as locked."""
import struct

from wiring import PAGE


def frames(process, address, count):
    with open(f"/proc/{process}/pagemap", "rb", buffering=0) as file:
        file.seek(address // PAGE * 8)
        entries = struct.unpack(f"{count}Q", file.read(8 * count))
    assert all(entry >> 63 for entry in entries), [hex(entry) for entry in entries]
    return [entry & (1 << 55) - 1 for entry in entries]


def marks(process, address, count):
    found = []
    with open("/proc/kpageflags", "rb", buffering=0) as file:
        for frame in frames(process, address, count):
            file.seek(frame * 8)
            bits, = struct.unpack("Q", file.read(8))
            found.append(bits >> 33 & 1)
    return found
