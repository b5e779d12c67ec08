import json
import mmap
import signal

from support import allocated, line, N, P, run, start, stop


def test_held():
    def rows(process):
        return [l for l in open(f"/proc/{process.pid}/maps") if l.rstrip().endswith(P)]
    for words, flags, sharing, protection in (
            ([], "rw-s", "shared", "read-write"),
            (["--read-only"], "r--s", "shared", "read-only"),
            (["--private"], "rw-p", "private", "read-write"),
            (["--private", "--read-only"], "r--p", "private", "read-only")):
        process = start("map", N, *words)
        address, told = line(process.stdout).strip().split(" ", 1)
        copied = " (copy-on-write, 0 B copied)" if sharing == "private" else ""
        assert told == f"64 KiB {sharing}{copied} {protection} {N}", told
        [row] = rows(process)
        assert row.split()[:2] == [f"{int(address, 16):x}-{int(address, 16) + 65536:x}", flags], row
        code, out, err = stop(process, signal.SIGINT)
        assert (code, out, err) == (-signal.SIGINT, "", ""), (code, out, err)


def test_is_private():
    assert run("fill", N, "--byte", "5", "-q").returncode == 0
    process = start("map", N, "--private", "--json", "--populate")
    text = line(process.stdout)
    [row] = json.loads(text)["mappings"]
    assert (row["sharing"], row["length"], row["offset"], row["page_size"]) == (
        "private", 65536, 0, mmap.PAGESIZE), row
    # Populated for stores, each page is a copy from the start.
    assert row["copied"] == 65536, row
    # Only its parent, or root, may look into it: one that may not has still seen the report.
    try:
        with open(f"/proc/{process.pid}/mem", "r+b", buffering=0) as memory:
            memory.seek(int(row["address"], 16))
            memory.write(b"private")
    except PermissionError:
        pass
    assert open(P, "rb").read() == b"\5" * 65536
    assert stop(process)[0] == -15


def test_populate():
    process = start("map", N)
    line(process.stdout)
    assert allocated(P) == 0
    stop(process)
    process = start("map", N, "--populate")
    line(process.stdout)
    assert allocated(P) == 1 << 20
    stop(process)


def test_signal():
    process = start("map", N, "--", "sh", "-c",
                    "trap 'echo got; exit 3' TERM; echo ready; while :; do sleep 0.05; done")
    assert line(process.stdout) == "ready\n"
    code, out, err = stop(process)
    assert (code, out) == (3, "got\n"), (code, out, err)
