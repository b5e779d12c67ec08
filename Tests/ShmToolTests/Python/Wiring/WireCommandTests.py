import os
import signal
import subprocess
import sys
import time

from support import freeze, line, N, P, run, start, stop, until, wired
from wiring import create, K


def test_descriptors():
    create(N + "-b", "8K")
    try:
        result = run("wire", N, N + "-b", "-q", "--", "sh", "-c", '''
        echo $SHMTOOL_FDS
        stat -Lc %s /proc/self/fd/3 /proc/self/fd/4
        ls /proc/self/fd | wc -l
        grep VmLck: /proc/$PPID/status | tr -d "\t"
        ''')
        # 0 to 4, and the directory that ls reads.
        assert result.stdout == b"2\n65536\n8192\n6\nVmLck:      72 kB\n", result
    finally:
        os.unlink(P + "-b")


def test_signals():
    # Waited for, not handled: a handler's turn may come only after the sleep that it should end.
    script = '''import os, signal
numbers = signal.pthread_sigmask(signal.SIG_BLOCK, {1, 2, 15}) or {1, 2, 15}
print(os.getpid(), flush=True)
print("got", int(signal.sigwait(numbers)), flush=True); os._exit(9)'''
    for number in (1, 2, 15):
        process = start("wire", N, "-q", "--", sys.executable, "-c", script)
        child = int(line(process.stdout))
        if number == 15:
            freeze(child)
            time.sleep(0.3)
            assert process.poll() is None and wired(process.pid) == 64 * K
            os.kill(child, signal.SIGCONT)
        code, out, err = stop(process, number)
        assert (code, out, err) == (9, f"got {number}\n", ""), (code, out, err)


def test_abandoned():
    process = start("wire", N, "-q", "--", "sh", "-c", "echo $$; exec cat", stdin=subprocess.PIPE)
    child = int(line(process.stdout))
    process.kill()
    process.wait()
    # The command continues with its own standard input, and ends with it.
    os.kill(child, 0)
    process.stdin.close()
    until(lambda: not os.path.exists(f"/proc/{child}"))
