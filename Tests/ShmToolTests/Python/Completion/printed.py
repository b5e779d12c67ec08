# A region's name, a process's command name and the words of the command line hold what moves a cursor. Nothing
# that is printed holds it raw. Argument: a beginning of names.
import ctypes
import mmap
import os
import signal
import subprocess
import sys
import time

from terminal import T

name = sys.argv[1] + "\x1b[2J\u202ex\u009bZ\n"
path = "/dev/shm/" + name
with open(path, "x") as file:
    file.truncate(4096)
process = os.fork()
if process == 0:
    ctypes.CDLL(None).prctl(15, b"c\x1b[2J\xe2\x80\xae\xff\x9b", 0, 0, 0)
    with open(path, "r+") as file:
        memory = mmap.mmap(file.fileno(), 4096)
    time.sleep(120)
    os._exit(0)
try:
    time.sleep(0.3)
    for words in [
        ["list"], ["list", "--json"], ["list", "--output", "name,reference,users"], ["inspect", "/" + name],
        ["inspect", "--json", "/" + name], ["inspect", "--pid", str(process)], ["remove", "--unused", "/" + name],
        ["remove", "--stale"], ["remove", "--stale", "--json"], ["create", "/" + name, "4K"],
        ["read", "/" + name + "\x1b[3J"], ["fill", "/" + name, "--file", "/nope\x1b[2J\u202e"],
        ["verify", "/" + name, "--zero"], ["wire", "--list"], ["list", "--user", "u\x1b[2J"], ["\x1b[2J"],
        ["list", "--\x1b[2J"], ["list", "--output", "\u202e\x1b"], ["send", "/" + name, "/nope\x1b"],
        ["map", "x", "--at", "\x1b[2J"],
    ]:
        told = subprocess.run([T, *words], capture_output=True, timeout=60, stdin=subprocess.DEVNULL)
        for text in (told.stdout.decode(), told.stderr.decode()):
            raw = [c for c in text if c != "\n" and (ord(c) < 32 or 127 <= ord(c) < 160 or c == "\u202e")]
            assert not raw, (words, raw, text)
finally:
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    os.unlink(path)
