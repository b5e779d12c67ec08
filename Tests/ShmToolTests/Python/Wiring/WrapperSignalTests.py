import ctypes
import os
import resource
import select
import signal
import sys
import time

from support import line, N, P, start, stop, T, until, wired
from wiring import K, libc


# A CMD that blocks all signals, reports that it runs, and then reports the first signal.
waiter = '''import os, signal, sys
numbers = signal.valid_signals() - {signal.SIGCHLD}
signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
print("ready", file=sys.stderr, flush=True)
found = signal.sigwaitinfo(numbers)
print("got", found.si_signo, file=sys.stderr, flush=True)
os._exit(9)'''


def commands():
    yield "wire", ["wire", N, "-q"]
    yield "map", ["map", N]
    yield "create", ["create", N + "-new", "64K", "--wired", "-q"]


def begin(words):
    process = start(*words, "--", sys.executable, "-c", waiter)
    assert line(process.stderr) == "ready\n"
    return process


def test_each(signal_name):
    number = getattr(signal, signal_name)
    try:
        for name, words in commands():
            process = begin(words)
            code, out, err = stop(process, number)
            assert (code, err) == (9, f"got {int(number)}\n"), (name, code, out, err)
    finally:
        if os.path.exists(P + "-new"):
            os.unlink(P + "-new")


def test_value():
    script = '''import ctypes, os, signal, struct
libc = ctypes.CDLL(None)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGRTMIN + 3})
print(flush=True)
info = ctypes.create_string_buffer(128)
mask = struct.pack("16Q", 1 << signal.SIGRTMIN + 3 - 1, *[0] * 15)
number = libc.sigwaitinfo(mask, info)
print(number - signal.SIGRTMIN, struct.unpack_from("iii", info)[2], struct.unpack_from("q", info, 24)[0])
'''
    process = start("wire", N, "-q", "--", sys.executable, "-c", script)
    line(process.stdout)
    class Value(ctypes.Union):
        _fields_ = [("number", ctypes.c_int), ("pointer", ctypes.c_void_p)]
    value = Value()
    value.pointer = 77
    assert libc.sigqueue(process.pid, signal.SIGRTMIN + 3, value) == 0
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (0, b"3 -1 77\n"), (out, err)


def test_stays_wired():
    # Not print, which the signal may interrupt: a second print in the first one is an error.
    script = '''import os, signal, sys, time
signal.signal(signal.SIGUSR1, lambda *_: os.write(1, b"handled\\n"))
signal.signal(signal.SIGUSR2, lambda *_: sys.exit(0))
print(flush=True)
while True: time.sleep(0.02)'''
    process = start("wire", N, "-q", "--", sys.executable, "-c", script)
    text = line(process.stdout)
    assert text == "\n", (text, stop(process))
    for number in range(3):
        process.send_signal(signal.SIGUSR1)
        text = line(process.stdout)
        assert text == "handled\n", (number, text, stop(process))
        assert wired(process.pid) == 64 * K and process.poll() is None
    assert stop(process, signal.SIGUSR2)[0] == 0


def test_job_control():
    def state(pid):
        return open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[0]
    for words in (["wire", N, "-q"], ["map", N]):
        # Not in an orphaned group, in which the kernel stops no process by SIGTSTP.
        process = start(*words, "--", "sh", "-c", "echo $$; exec sleep 60", process_group=0)
        child = int(line(process.stdout))
        for number in (signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU):
            process.send_signal(number)
            until(lambda: state(child) == "T" and state(process.pid) == "T")
            if words[0] == "wire":
                assert wired(process.pid) == 64 * K
            process.send_signal(signal.SIGCONT)
            until(lambda: state(child) == "S" and state(process.pid) == "S")
        assert stop(process)[0] == 143


def test_terminal(key):
    import pty
    script = '''import signal, time
count = 0
def handle(*_):
    global count
    count += 1
for number in (signal.SIGINT, signal.SIGQUIT):
    signal.signal(number, handle)
print("ready", flush=True)
end = time.monotonic() + 30
while count == 0 and time.monotonic() < end: time.sleep(0.01)
time.sleep(0.3)
print("count", count, flush=True)'''
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(T, [T, "wire", N, "-q", "--", sys.executable, "-c", script])
    text = b""
    def read_until(part):
        nonlocal text
        end = time.monotonic() + 30
        while part not in text:
            assert time.monotonic() < end, text
            if select.select([terminal], [], [], 1)[0]:
                text += os.read(terminal, 1000)
    read_until(b"ready")
    os.write(terminal, bytes([int(key)]))
    read_until(b"\n")
    text = text[text.index(b"ready") + 5:]
    read_until(b"count ")
    while not text.endswith(b"\n"):
        text += os.read(terminal, 1000)
    until(lambda: os.waitpid(pid, os.WNOHANG)[0] == pid)
    assert b"count 1" in text, text


def test_streams(signal_name):
    number = getattr(signal, signal_name)
    producer = '''import os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, {int(sys.argv[1])})
os.write(2, b"ready\\n")
signal.sigwait({int(sys.argv[1])})
os.write(1, b"told")'''
    consumer = '''import os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, {int(sys.argv[1])})
os.write(2, b"ready\\n")
signal.sigwait({int(sys.argv[1])})
os.write(2, sys.stdin.buffer.read() + b" and heard\\n")'''
    receiving = start("recv", N, "-q", "--", sys.executable, "-c", consumer, str(int(number)))
    sending = start("send", N, "-q", "--", sys.executable, "-c", producer, str(int(number)))
    assert line(sending.stderr) == "ready\n" and line(receiving.stderr) == "ready\n"
    sending.send_signal(number)
    receiving.send_signal(number)
    out, err = receiving.communicate(timeout=30)
    assert (receiving.returncode, err) == (0, b"told and heard\n"), err
    assert sending.wait(30) == 0, sending.communicate()


def test_quit():
    receiving = start("recv", N, "-q", "--", "sh", "-c", "echo $$ >&2; exec cat")
    sending = start("send", N, "-q", "--", "sh", "-c", "echo $$ >&2; exec sleep 60")
    child = int(line(sending.stderr))
    line(receiving.stderr)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    assert stop(sending, signal.SIGQUIT)[0] == -signal.SIGQUIT
    until(lambda: not os.path.exists(f"/proc/{child}"))
    assert receiving.wait(30) == 76, receiving.communicate()


def test_ignored():
    process = start(
        "wire", N, "-q", "--", "sh", "-c", "echo; exec sleep 60",
        preexec_fn=lambda: [signal.signal(n, signal.SIG_IGN) for n in (1, 10)])
    line(process.stdout)
    for number in (1, 10):
        process.send_signal(number)
    time.sleep(0.2)
    assert process.poll() is None
    assert stop(process)[0] == 143
