import csv
import glob
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
import xml.etree.ElementTree

import orders
from support import start, T, until

METHODS = {
    "transfer": {"stream-in-place", "stream", "map", "process-vm-readv", "pipe-64k", "pipe-1m", "unix", "tcp",
                 "mqueue", "memcpy"},
    "latency": {"stream-spinning", "stream-adaptive", "stream-sleeping", "pipe", "unix", "futex", "eventfd"},
    "fan-out": {"stream-in-place", "pipes"},
    "memory": {"touch", "fallocate", "write", "populate", "huge-pool", "huge-transparent", "mlock", "mlock-on-fault"},
    "pages": {"mincore", "cachestat", "seek-data", "pagemap", "pagemap-scan"},
}


def bench(*words):
    return subprocess.run([T, "bench", *words], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=300)


def started(*words):
    return start("bench", *words)


# The other processes of a measurement that this process started.
def peers(process):
    found = []
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            words = open(path, "rb").read().split(b"\0")
        except OSError:
            continue
        if any(word.startswith(b"--peer=") and word.split(b":")[3:4] == [b"%d" % process] for word in words):
            found.append(int(path.split("/")[2]))
    return found


# The method that a process measures; empty if the process has ended.
def method(peer):
    try:
        words = open(f"/proc/{peer}/cmdline").read()
    except OSError:
        return ""
    return words.partition("--peer=")[2].partition(":")[0]


def test_report():
    result = bench("--quick", "--json")
    assert result.returncode == 0 and result.stdout.count("\n") == 1, result
    report = json.loads(result.stdout)
    assert report["quick"] and report["seconds"] > 0 and report["machine"]["processors"] == len(os.sched_getaffinity(0))
    assert report["machine"]["page_size"] == os.sysconf("SC_PAGESIZE")
    for test, methods in METHODS.items():
        measured = {one["method"] for one in report["series"] if one["test"] == test}
        skipped = {one["method"]: one["reason"] for one in report["skipped"] if one["test"] == test}
        assert measured | set(skipped) == methods and not measured & set(skipped), (test, measured, skipped)
        assert all(skipped.values()), skipped
        # What needs no privilege and no huge pages is measured everywhere.
        usual = methods - {"huge-pool", "huge-transparent", "mlock", "mlock-on-fault", "mqueue", "process-vm-readv",
                           "cachestat", "pagemap-scan", "stream-spinning"}
        assert usual <= measured, (test, skipped)
    states = []
    for one in report["series"]:
        values = [one["distribution"][key] for key in ("min", "p50", "p90", "p99", "p999", "max")]
        assert values == sorted(values) and values[0] > 0, one
        # The methods whose order is not certain have further passes of two rounds.
        assert len(one["samples"]) in range(2, 13, 2) and min(one["samples"]) > 0, one
        # A copy within one process, and what one process measures, do not depend on the distance of two processors.
        if one["test"] in ("memory", "pages") or one["method"] == "memcpy" or report["machine"]["processors"] == 1:
            assert "core_latencies" not in one, one
        else:
            latencies = one["core_latencies"]
            assert len(latencies) == len(one["samples"]), one
            known = [latency for latency in latencies if latency is not None]
            # Less than a cycle and more than 0.1 ms are no time of a cache line.
            assert all(0.3 < latency < 1e5 for latency in known), one
            states += known
        if one["test"] == "transfer":
            assert one["per_gib"]["processor_seconds"] > 0, one
            # A read takes no more than the pipe holds, and a write no more than the message.
            if one["method"] == "pipe-64k":
                piece = min(one["size"], 65536)
                assert one["per_gib"]["system_calls"] >= (1 << 30) / piece + (1 << 30) / one["size"], one
            if one["method"] == "memcpy":
                assert one["per_gib"]["system_calls"] == 0, one
        if one["test"] == "memory":
            assert one["allocated"] >= one["size"] and one["resident"] in (0, one["size"]), one
    assert states or report["machine"]["processors"] == 1, report
    assert report["seconds"] < 20, report["seconds"]
    assert orders.wrong_ranks(report) == []
    for methods in orders.questions(report).values():
        assert len({len(one["samples"]) for one in methods.values()}) == 1, methods
    assert orders.disagreements(report, report)[0] == []
    assert {verdict["test"] for verdict in report["verdicts"]} == {"transfer", "latency", "fan-out"}, report["verdicts"]


def test_files():
    with tempfile.TemporaryDirectory() as place:
        first, csv_file, svg_file = (os.path.join(place, name) for name in ("first.json", "a.csv", "a.svg"))
        result = bench("--quick", "pages", "fan-out", "--json", "--csv", csv_file, "--svg", svg_file)
        assert result.returncode == 0, result
        report = json.loads(result.stdout)
        assert "comparison" not in report
        rows = list(csv.DictReader(open(csv_file, newline="")))
        assert [(row["test"], row["method"], int(row["size"]), int(row["rank"])) for row in rows] == \
            [(one["test"], one["method"], one["size"], one["rank"]) for one in report["series"]], rows
        root = xml.etree.ElementTree.parse(svg_file).getroot()
        assert root.tag == "{http://www.w3.org/2000/svg}svg", root.tag
        assert "pagemap-scan" in open(svg_file).read()

        # A ring that became slower, and a method that became faster, by more than the noise of a busy machine.
        def earlier(factors):
            changed = json.loads(json.dumps(report))
            for one in changed["series"]:
                factor = factors.get(one["method"], 1)
                one["samples"] = [value * factor for value in one["samples"]]
            open(first, "w").write(json.dumps(changed))
        earlier({"stream-in-place": 1000, "seek-data": 0.001})
        result = bench("--quick", "pages", "fan-out", "--json", "--baseline", first)
        found = json.loads(result.stdout)["comparison"]
        for method, key in (("stream-in-place", "slower"), ("seek-data", "faster")):
            assert method in {change["method"] for change in found[key]}, (found, result)
        assert result.returncode == 1 and found["compared"] == len(report["series"]), (found, result)
        # Without a slower series the exit status is 0.
        earlier({one["method"]: 0.001 for one in report["series"] if one["test"] == "pages"})
        result = bench("--quick", "pages", "--json", "--baseline", first)
        assert result.returncode == 0 and json.loads(result.stdout)["comparison"]["slower"] == [], result
        earlier({"stream-in-place": 1000})
        result = bench("--quick", "fan-out", "--baseline", first)
        assert result.returncode == 1 and "stream-in-place" in result.stdout.split("On this machine")[1], result
        # A run without a common series is the wrong one. If no test is common, that is reported before a measurement.
        begin = time.monotonic()
        result = bench("transfer", "--baseline", first)
        assert result.returncode == 64 and time.monotonic() - begin < 5, result
        assert "has only fan-out, pages, and this run measures transfer" in result.stderr, result
        other = json.loads(open(first).read())
        for one in other["series"]:
            one["size"] += 1
        open(first, "w").write(json.dumps(other))
        result = bench("--quick", "pages", "--baseline", first)
        assert result.returncode == 64 and "the report has no series of this run" in result.stderr, result
        for text, code in (("", 65), ("{}", 64), ('{"schema":2,"action":"list"}', 64)):
            open(first, "w").write(text)
            result = bench("pages", "--baseline", first)
            assert result.returncode == code and "cannot compare with" in result.stderr, (text, result)
        assert bench("pages", "--baseline", place + "/absent").returncode == 66
        # What another program has written is escaped.
        other["machine"]["\x1b[2J"] = "\x07"
        open(first, "w").write(json.dumps(other))
        result = bench("--quick", "pages", "--baseline", first)
        assert r"\x1b[2J" in result.stderr and "\x1b" not in result.stderr and "\x07" not in result.stderr, result
        result = bench("pages", "--baseline", "/dev/zero")
        assert result.returncode == 74 and "cannot compare with '/dev/zero'" in result.stderr, result
        assert bench("--quick", "pages", "--csv", place + "/no/such").returncode == 66
        # A file that cannot be written any more does not cost the figures.
        gone = os.path.join(place, "gone")
        os.mkdir(gone)
        process = started("--quick", "pages", "--json", "--csv", gone + "/a", "--svg", svg_file)
        os.unlink(svg_file)
        until(lambda: "memfd:shmtool-bench" in open(f"/proc/{process.pid}/maps").read())
        os.rmdir(gone)
        output, error = process.communicate(timeout=120)
        assert process.returncode == 66 and json.loads(output)["series"] and gone.encode() in error, (output, error)
        assert os.path.exists(svg_file), error


# strace delays each system call of one process: the other end of the stream that sleeps.
def test_slowed_ring():
    with tempfile.TemporaryDirectory() as place:
        first = os.path.join(place, "first.json")
        result = bench("--quick", "latency", "--json")
        assert result.returncode == 0, result
        open(first, "w").write(result.stdout)
        process = started("--quick", "latency", "--json", "--baseline", first)
        slow = []

        def delay():
            for peer in peers(process.pid):
                if peer not in slow and method(peer) == "stream-sleeping":
                    slow.append(peer)
                    # It is stopped until strace has attached, so on a busy machine it does not finish earlier.
                    os.kill(peer, signal.SIGSTOP)
                    tracer = subprocess.Popen(
                        ["strace", "-p", str(peer), "-o", "/dev/null", "-e", "inject=all:delay_enter=2ms"],
                        stderr=subprocess.PIPE)
                    assert b"attached" in tracer.stderr.readline()
                    os.kill(peer, signal.SIGCONT)
        # Each pass, and the second measurement of the slow series, has other processes.
        end = time.monotonic() + 120
        while process.poll() is None:
            assert time.monotonic() < end
            delay()
            time.sleep(0.005)
        output, error = process.communicate(timeout=60)
        found = json.loads(output)["comparison"]
        assert len(slow) >= 3 and process.returncode == 1, (slow, process.returncode, error)
        assert b"slower than in the earlier run" in error, error
        slower = {change["method"]: change["now"] / change["before"] for change in found["slower"]}
        assert slower.get("stream-sleeping", 0) > 5, found


# The processors of both processes while a benchmark runs.
def test_processors():
    for test in ("transfer", "latency"):
        process = started(test)
        until(lambda: len(os.sched_getaffinity(process.pid)) == 1)
        own = os.sched_getaffinity(process.pid)
        others = [os.sched_getaffinity(peer) for peer in peers(process.pid)]
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
        assert others and all(len(other) == 1 and not other & own for other in others), (own, others)
    # A test after them has all processors.
    process = started("--quick", "latency", "memory", "-v")
    until(lambda: len(os.sched_getaffinity(process.pid)) == 1)
    until(lambda: len(os.sched_getaffinity(process.pid)) > 1 or process.poll() is not None)
    assert process.poll() is None, process.communicate()
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)


# The comparison of two runs finds what contradicts, and only that.
def test_orders():
    def report(ranks, crossover=64):
        rates = {"map": 1e9, "unix": 2e9, "tcp": 4e9}
        return {"series": [{"test": "transfer", "size": 64, "receivers": 1, "unit": "bytes_per_second", "method": method,
                            "samples": [rates[method]] * 5, "rank": rank} for method, rank in ranks.items()],
                "verdicts": [{"test": "transfer", "crossover": crossover}]}
    right = report({"map": 3, "unix": 2, "tcp": 1})
    assert orders.wrong_ranks(right) == [] and orders.disagreements(right, right) == ([], 3)
    for ranks in ({"map": 1, "unix": 2, "tcp": 3}, {"map": 2, "unix": 2, "tcp": 1}, {"map": 3, "unix": 1, "tcp": 1},
                  {"map": 3, "unix": 3, "tcp": 1}, {"map": 0, "unix": 0, "tcp": 0}):
        assert orders.wrong_ranks(report(ranks)), ranks
    tied = report({"map": 2, "unix": 2, "tcp": 1})
    assert orders.disagreements(right, tied) == ([], 2) == orders.disagreements(tied, right)
    found, agreed = orders.disagreements(right, report({"map": 2, "unix": 3, "tcp": 1}))
    assert len(found) == 1 and "map and unix" in found[0] and agreed == 2, found
    assert orders.disagreements(right, report({"unix": 2, "tcp": 1})) == ([], 1)
    assert len(orders.disagreements(right, report({"map": 3, "unix": 2, "tcp": 1}, None))[0]) == 1


def test_text():
    result = bench("--quick", "transfer", "fan-out", "pages")
    assert result.returncode == 0 and result.stderr == "", result
    lines = result.stdout.splitlines()
    assert max(map(len, lines)) <= 80, max(lines, key=len)
    for word in ("Transfer, GB/s", "each with its rank", "stream-in-place", "CPU s", "Fan-out", "pagemap", "On this machine"):
        assert word in result.stdout, (word, result.stdout)
    # In another order, and once each.
    again = bench("--quick", "pages", "fan-out", "pages").stdout
    assert again.index("Fan-out") < again.index("half of it holes") and again.count("half of it holes") == 1, again
    shown = bench("--quick", "memory", "-v").stderr
    assert "% measured" in shown, shown


def test_interrupted(number):
    for test, delay in (("transfer", 0.05), ("transfer", 0.4), ("latency", 0.3), ("fan-out", 0.2), ("memory", 0.3)):
        process = started("--quick", test)
        place = f"/dev/shm/shmtool-bench-{process.pid}"
        if int(number) == signal.SIGKILL and test != "memory":
            # Its streams have met. Before that, a killed benchmark cannot remove their directory.
            until(lambda: peers(process.pid) and os.path.exists(place))
            until(lambda: not os.path.exists(place))
        else:
            time.sleep(delay)
        before = peers(process.pid)
        process.send_signal(int(number))
        error = process.communicate(timeout=60)[1]
        # It may have ended before the signal.
        assert process.returncode in (-int(number), 0), (test, process.returncode, error)
        until(lambda: not any(os.path.exists(f"/proc/{peer}") for peer in before) and not peers(process.pid))
        shutil.rmtree(place, ignore_errors=True) if test == "fan-out" and int(number) == signal.SIGKILL else None
        assert not os.path.exists(place), test


def test_peer_ends():
    for number in range(len(METHODS["transfer"])):
        process = started("transfer")
        until(lambda: len(peers(process.pid)) == len(METHODS["transfer"]))
        os.kill(sorted(peers(process.pid))[number], signal.SIGKILL)
        output, error = process.communicate(timeout=60)
        assert process.returncode == 69 and output == b"", (number, process.returncode, error)
        assert b"the other process of the measurement ended" in error or b"died" in error, error
        assert not peers(process.pid) and not os.path.exists(f"/dev/shm/shmtool-bench-{process.pid}")


def groups():
    return [path for path, _, _ in os.walk("/sys/fs/cgroup") if "shmtool-bench-" in path]


def test_pressure():
    before = {line.split()[0]: line.split()[1] for line in open("/proc/meminfo")}["SwapFree:"]
    result = bench("pressure", "--quick", "--yes", "--json")
    assert result.returncode == 0, result
    report = json.loads(result.stdout)
    found = {one["method"]: one["distribution"] for one in report["series"]}
    assert found.keys() == {"wired", "unwired"} and not report["skipped"], report
    # A page that has to come from swap takes longer than one in RAM, and most pages have to.
    for part in ("p50", "p99"):
        assert found["unwired"][part] > 4 * found["wired"][part], (part, before, found)
    assert groups() == [], groups()
    process = started("pressure", "--yes", "-q")
    until(lambda: groups() != [])
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGTERM
    until(lambda: not peers(process.pid))
    assert groups() == [], groups()
