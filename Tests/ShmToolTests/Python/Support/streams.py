"""N is a stream's name, SOCKET its place, and F the path of a file."""
import atexit
import os
import threading

from support import end_all, N, P

SOCKET = f"/dev/shm/.shmtool-{os.geteuid()}/{N}"
F = P


# The reading end of a pipe into which a thread writes bytes.
def feed(data):
    reader, writer = os.pipe()
    def work():
        try:
            with os.fdopen(writer, "wb") as file:
                file.write(data)
        except BrokenPipeError:
            pass
    threading.Thread(target=work, daemon=True).start()
    return reader


# That many bytes, however many reads it takes.
def exactly(stream, count):
    data = b""
    while len(data) < count:
        more = stream.read(count - len(data))
        assert more, f"it ended after {len(data)} of {count} bytes"
        data += more
    return data


# What is being written beside a file.
def beside(path):
    return [name for name in os.listdir(os.path.dirname(path))
            if name.startswith("." + os.path.basename(path) + ".")]


# All that a process writes, read meanwhile.
class Reader(threading.Thread):
    def __init__(self, process):
        super().__init__(daemon=True)
        self.process, self.out = process, b""
        self.start()
    def run(self):
        self.out = self.process.stdout.read()


def clear():
    for path in (SOCKET, F):
        try:
            os.unlink(path)
        except OSError:
            pass
    try:
        os.rmdir(os.path.dirname(SOCKET))
    except OSError:
        pass


atexit.register(clear)
# What was started is ended first.
atexit.unregister(end_all)
atexit.register(end_all)
