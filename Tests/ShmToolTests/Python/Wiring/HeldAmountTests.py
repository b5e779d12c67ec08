import os
import resource
import signal

from faults import C
from support import N, run, wired
from terminals import Terminal


def held(*words):
    """The line about the holding, and the wired bytes that the kernel counts for the process."""
    terminal = Terminal(*words)
    terminal.until(lambda text: "; Ctrl-C releases" in text and text.endswith("\n"))
    counted = wired(terminal.process.pid)
    terminal.process.send_signal(signal.SIGINT)
    assert terminal.end() == -signal.SIGINT, terminal.text
    return [row for row in terminal.lines() if "holding" in row][0], counted


def test_counted():
    other = N + "-b"
    assert run("create", "-q", other, "20K").returncode == 0
    try:
        assert held("wire", N) == ("holding 64 KiB wired; Ctrl-C releases", 65536)
        # Whole pages, each range once, and a region that is named twice once.
        for words, text, count in (
                ([N, other], "84 KiB", 21), ([N, N], "64 KiB", 16),
                ([N, "--range", "0:1", "--range", "8K+1"], "8 KiB", 2),
                ([N, "--range", "0:8K", "--range", "4K:12K"], "12 KiB", 3),
                ([N, "--offset", "60K"], "4 KiB", 1), ([N, other, "--length", "5000"], "16 KiB", 4)):
            assert held("wire", *words) == (f"holding {text} wired; Ctrl-C releases", count * 4096), words
        assert held("wire", N, "--for", "1h") == (
            "holding 64 KiB wired for 1 h; Ctrl-C releases earlier", 65536)
        assert held("map", N, other) == ("holding 84 KiB mapped; Ctrl-C releases", 0)
        assert held("map", "--anonymous", "12K") == ("holding 12 KiB mapped; Ctrl-C releases", 0)
        # A region that ends within a page has the whole page wired.
        assert held("create", N + "-c", "5000", "--wired") == ("holding 8 KiB wired; Ctrl-C releases", 8192)
        assert run("rm", N + "-c").returncode == 0
        if os.geteuid() == 0:
            # What this process starts has no CAP_IPC_LOCK then. prctl(2), PR_CAPBSET_DROP
            assert C.prctl(24, 14, 0, 0, 0) == 0
        resource.setrlimit(resource.RLIMIT_MEMLOCK, (16384, 16384))
        assert held("wire", N, "--best-effort") == ("holding 16 KiB of 64 KiB wired; Ctrl-C releases", 16384)
    finally:
        run("rm", "-f", other, N + "-c")
