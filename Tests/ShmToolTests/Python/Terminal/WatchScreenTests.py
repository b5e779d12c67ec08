import os
import re
import signal
import termios
import time

from support import freeze, N, P
from terminals import Terminal, width

ENTER, LEAVE = "\x1b[?1049h", "\x1b[?1049l"
HIDE, SHOW = "\x1b[?25l", "\x1b[?25h"


def region():
    with open(P, "wb") as file:
        file.write(bytes(1 << 20))


def balanced(text, times=1):
    assert text.count(ENTER) == text.count(LEAVE) == times, text
    assert text.count(HIDE) == text.count(SHOW) == times, text
    assert text.rindex(LEAVE) > text.rindex("\x1b[H"), text


def drawn(terminal, times):
    terminal.until(lambda text: text.count("\x1b[H") >= times)


def test_ends():
    region()
    def key(text):
        return lambda terminal: terminal.type(text)
    def send(number):
        return lambda terminal: terminal.process.send_signal(number)
    ways = [(key("q"), 0), (key("xyzQ"), 0), (key("\x03"), -signal.SIGINT), (key("\x1c"), -signal.SIGQUIT)]
    ways += [(send(number), -number) for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)]
    ways += [(lambda _: os.unlink(P), 66)]
    for way, code in ways:
        terminal = Terminal("inspect", N, "--watch=100ms")
        drawn(terminal, 2)
        modes = termios.tcgetattr(terminal.slave)
        assert not modes[3] & (termios.ICANON | termios.ECHO), modes
        way(terminal)
        assert terminal.end() == code, (code, terminal.process.returncode, terminal.text)
        assert terminal.after == terminal.before, (terminal.before, terminal.after)
        balanced(terminal.text)
    # The error is after the screen, where it remains.
    assert "no such region" in terminal.text[terminal.text.rindex(LEAVE):], terminal.text


def test_input():
    """Only a terminal is read: the input of a script stays for its next command."""
    region()
    input, output = os.pipe()
    os.write(output, b"qqq")
    terminal = Terminal("inspect", N, "--watch=100ms", stdin=input)
    drawn(terminal, 3)
    assert termios.tcgetattr(terminal.slave) == terminal.before
    terminal.process.terminate()
    assert terminal.end() == -signal.SIGTERM
    assert os.read(input, 10) == b"qqq"
    balanced(terminal.text)


def test_resized():
    region()
    terminal = Terminal("inspect", N, "--watch=1h", columns=120, rows=40)
    drawn(terminal, 1)
    terminal.until(lambda text: "page map" in text)
    for times, (columns, rows) in enumerate(((40, 12), (80, 5), (30, 3), (100, 1)), 2):
        terminal.resize(columns, rows)
        drawn(terminal, times)
        end = time.monotonic() + 0.3
        while time.monotonic() < end:
            terminal.read()
        screen = terminal.text.split("\x1b[H")[-1]
        shown = re.sub("\x1b\\[[0-9;]*[mKJ]", "", screen).replace("\r", "").split("\n")
        # A row more than the terminal has would scroll.
        assert len([row for row in shown if row]) <= rows, (rows, screen)
        assert screen.count("\n") < rows, (rows, screen)
        assert max(map(width, shown)) <= columns, (columns, shown)
    terminal.type("q")
    assert terminal.end() == 0
    balanced(terminal.text)


def test_stopped():
    region()
    # The session's leader stays, so that the process group of the command is not orphaned.
    import fcntl, pty, struct
    from support import T
    leader, master = pty.fork()
    if leader == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        before = termios.tcgetattr(0)
        child = os.fork()
        if child == 0:
            os.setpgid(0, 0)
            os.tcsetpgrp(0, os.getpid())
            signal.signal(signal.SIGTTOU, signal.SIG_DFL)
            os.execve(T, [T, "inspect", N, "--watch=200ms"], {**os.environ, "TERM": "xterm"})
        _, status = os.waitpid(child, os.WUNTRACED)
        stopped = os.WIFSTOPPED(status)
        os.tcsetpgrp(0, os.getpgrp())
        same = termios.tcgetattr(0) == before
        os.write(1, f"<stopped {stopped} {same}>".encode())
        os.tcsetpgrp(0, child)
        os.kill(child, signal.SIGCONT)
        _, status = os.waitpid(child, 0)
        same = termios.tcgetattr(0) == before
        os.write(1, f"<ended {os.WEXITSTATUS(status)} {same}>".encode())
        os._exit(0)
    import select
    text = ""
    def until(part):
        nonlocal text
        end = time.monotonic() + 30
        while part not in text:
            assert time.monotonic() < end, text[-2000:]
            if select.select([master], [], [], 0.1)[0]:
                text += os.read(master, 65536).decode()
    until("page map")
    os.write(master, b"\x1a")
    until("<stopped True True>")
    # What follows may have been written before this test looks.
    first, text = text.split("<stopped", 1)
    assert first.count(ENTER) == first.count(LEAVE) == 1, first
    until("page map")
    os.write(master, b"q")
    until("<ended 0 True>")
    balanced(text)
    os.waitpid(leader, 0)
    os.close(master)


def test_continued():
    """SIGSTOP leaves no time to restore the terminal. While the command is stopped, a shell sets its own modes."""
    region()
    def end_while_stopped(number):
        def end(terminal):
            freeze(terminal.process.pid)
            terminal.process.send_signal(number)
            terminal.process.send_signal(signal.SIGCONT)
        return end
    ways = [(lambda terminal: terminal.type("q"), 0), (lambda terminal: terminal.type("\x03"), -signal.SIGINT)]
    ways += [(end_while_stopped(number), -number) for number in (signal.SIGTERM, signal.SIGHUP)]
    for words in (("inspect", N), ("list", N)):
        for way, code in ways:
            terminal = Terminal(*words, "--watch=1h", columns=120)
            terminal.until(lambda text: "1 MiB" in text)
            keys = termios.tcgetattr(terminal.slave)
            assert not keys[3] & (termios.ICANON | termios.ECHO), keys
            for times in (2, 3, 4):
                freeze(terminal.process.pid)
                if times == 2:
                    termios.tcsetattr(terminal.slave, termios.TCSANOW, terminal.before)
                if times == 3:
                    terminal.resize(60, 10)
                terminal.process.send_signal(signal.SIGCONT)
                # A shell may have left the alternate screen and shown the cursor, so both are set again.
                terminal.until(lambda text: text.count(ENTER + HIDE + "\x1b[H") >= times)
                terminal.until(lambda text: "1 MiB" in text[text.rindex(ENTER):])
                assert termios.tcgetattr(terminal.slave) == keys, (times, terminal.before)
            shown = re.sub("\x1b\\[[0-9;?]*[a-zA-Z]", "", terminal.text[terminal.text.rindex(ENTER):])
            assert max(map(width, shown.replace("\r", "").split("\n"))) <= 60, shown
            way(terminal)
            assert terminal.end() == code, (words, code, terminal.process.returncode, terminal.text)
            assert terminal.after == terminal.before, (words, code, terminal.before, terminal.after)
            assert terminal.text.count(LEAVE) == terminal.text.count(SHOW) == 1, terminal.text
            assert terminal.text.rindex(LEAVE) > terminal.text.rindex(ENTER + HIDE + "\x1b[H"), terminal.text


def test_changed_modes():
    """The modes that a user sets while the command is stopped remain after its end."""
    region()
    terminal = Terminal("inspect", N, "--watch=1h")
    terminal.until(lambda text: "page map" in text)
    freeze(terminal.process.pid)
    modes = [*terminal.before[:6], list(terminal.before[6])]
    modes[3] &= ~termios.ECHOK
    modes[6][termios.VERASE] = b"\x08"
    termios.tcsetattr(terminal.slave, termios.TCSANOW, modes)
    modes = termios.tcgetattr(terminal.slave)
    assert modes != terminal.before
    terminal.process.send_signal(signal.SIGCONT)
    terminal.until(lambda text: text.count(ENTER) == 2 and "page map" in text[text.rindex(ENTER):])
    assert not termios.tcgetattr(terminal.slave)[3] & (termios.ICANON | termios.ECHO)
    terminal.type("q")
    assert terminal.end() == 0
    assert terminal.after == modes, (terminal.after, modes)
