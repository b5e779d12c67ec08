"""A command in a pseudoterminal of a given size, and what the terminal shows of it."""
import errno
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
import unicodedata

from support import T, started

SEQUENCE = re.compile(r"\x1b\[[?0-9;]*[A-Za-z]")


def width(text):
    """The columns of a text without control characters."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
               for c in text)


class Terminal:
    """A command whose standard streams are a terminal, except those that are given."""

    def __init__(self, *words, columns=80, rows=24, term="xterm", variables=(), **streams):
        self.master, self.slave = pty.openpty()
        self.resize(columns, rows)
        self.before = termios.tcgetattr(self.slave)
        environment = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "COLUMNS", "TERM")}
        if term is not None:
            environment["TERM"] = term
        environment.update(variables)
        for name in ("stdin", "stdout", "stderr"):
            streams.setdefault(name, self.slave)
        def attach():
            fcntl.ioctl(self.slave, termios.TIOCSCTTY, 0)
        self.process = subprocess.Popen(
            [T, *words], env=environment, start_new_session=True, preexec_fn=attach, **streams)
        started.append(self.process)
        self.bytes = b""

    def resize(self, columns, rows=24):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, text):
        os.write(self.master, text.encode())

    def read(self, seconds=0.05):
        if not select.select([self.master], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self.master, 65536)
        except OSError as error:
            assert error.errno == errno.EIO, error
            return False
        self.bytes += data
        return data != b""

    @property
    def text(self):
        return self.bytes.decode(errors="replace")

    def until(self, condition):
        """Reads until the condition holds for what has come."""
        end = time.monotonic() + 30
        while not condition(self.text):
            assert time.monotonic() < end, self.text[-3000:]
            self.read()

    def end(self):
        """Reads until the command has ended; the exit status."""
        end = time.monotonic() + 60
        while self.process.poll() is None:
            assert time.monotonic() < end, self.text[-3000:]
            self.read()
        while self.read(0):
            pass
        self.after = termios.tcgetattr(self.slave)
        os.close(self.slave)
        os.close(self.master)
        return self.process.returncode

    def lines(self):
        """The lines as they were written, without sequences."""
        return SEQUENCE.sub("", self.text).replace("\r\n", "\n").split("\n")


def shown(*words, **options):
    """The lines of a command that ends by itself, and its exit status."""
    terminal = Terminal(*words, **options)
    code = terminal.end()
    return terminal.lines(), code
