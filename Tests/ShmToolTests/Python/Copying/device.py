import atexit
import fcntl
import os
import struct
import subprocess
import sys
import tempfile

from faults import C, mount
from support import N

# A file system on a loop device, in the mount namespace of the test. crash stops it without writing its
# log, like a power failure, and mounts it again. The kind is the first argument of the test.
kind = sys.argv[2]
base = tempfile.mkdtemp(prefix=N, dir="/tmp")
D = base + "/mounted"
os.mkdir(D)
os.mkdir(base + "/memory")
loops = []


def release():
    subprocess.run(["umount", "-l", D], capture_output=True)
    for loop in loops:
        subprocess.run(["losetup", "-d", loop], capture_output=True)
    subprocess.run(["umount", "-l", base + "/memory"], capture_output=True)
    subprocess.run(["rm", "-rf", base])


atexit.register(release)
assert C.unshare(0x20000) == 0
mount("--make-rprivate", "/")


def make(room, size, *words):
    mount("-t", "tmpfs", "-o", f"size={room}", "tmpfs", base + "/memory")
    image = base + "/memory/image"
    with open(image, "wb") as file:
        file.truncate(size)
    subprocess.run([f"mkfs.{kind}", "-q", *words, image], check=True, capture_output=True)
    loops.append(subprocess.run(["losetup", "-f", "--show", image], check=True,
                                capture_output=True, text=True).stdout.strip())
    mount(loops[-1], D)


def crash():
    place = os.open(D, os.O_RDONLY)
    fcntl.ioctl(place, 0x8004587d, struct.pack("I", 2))
    os.close(place)
    subprocess.run(["umount", D], check=True)
    mount(loops[-1], D)
