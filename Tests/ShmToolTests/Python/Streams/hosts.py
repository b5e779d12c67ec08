# Framed streams between two hosts: two network namespaces, each with a /dev/shm of its own, joined by a
# link of 2 Gbit/s. Every process is killed in turn, the link goes down, the producer and the far consumer
# fail. An incomplete file must never come with exit status 0, nothing may be left, and nobody may hang.
#
# Run it as root, with SHMTOOL set to the binary: python3 hosts.py [BYTES [SCENARIO ...]]. It prints a table.
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

T = os.environ["SHMTOOL"]
words = [word for word in sys.argv[1:] if word and not word.startswith("shmtool-test-")]
SIZE = int(words[0]) if words else 256 << 20
ONLY = words[1:]
STALL, DOWN = os.environ.get("STALL", "3s"), int(os.environ.get("DOWN", 1))
LIMIT = 40
BLOCK = random.Random(7).randbytes(1 << 20)


class Host:
    """A network namespace and a mount namespace, kept by a process."""

    def __init__(self):
        self.keeper = subprocess.Popen(
            ["unshare", "-n", "-m", "--propagation", "private", "sh", "-c",
             "mount -t tmpfs tmpfs /dev/shm && ip link set lo up && echo ready && exec sleep 3600"],
            stdout=subprocess.PIPE)
        assert self.keeper.stdout.readline() == b"ready\n"

    def command(self, *words):
        return ["nsenter", "-t", str(self.keeper.pid), "-n", "-m", *words]

    def run(self, *words):
        subprocess.run(self.command(*words), check=True, capture_output=True)

    def start(self, *words, **options):
        options.setdefault("stdin", subprocess.DEVNULL)
        return subprocess.Popen(self.command(*words), stderr=subprocess.PIPE, **options)

    def left(self):
        script = "ls -A /dev/shm; ls -A /dev/shm/.shmtool-0 2>/dev/null; true"
        out = subprocess.run(self.command("sh", "-c", script), capture_output=True, text=True).stdout
        return [name for name in out.split() if name != ".shmtool-0"]

    def end(self):
        self.keeper.kill()
        self.keeper.wait()


def link(here, there):
    here.run("ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1", "netns",
             str(there.keeper.pid))
    for host, device, address in ((here, "v0", "10.77.0.1/24"), (there, "v1", "10.77.0.2/24")):
        host.run("ip", "addr", "add", address, "dev", device)
        host.run("ip", "link", "set", device, "up")
        if RATE:
            host.run("tc", "qdisc", "add", "dev", device, "root", "tbf", "rate", RATE, "burst", "1mb",
                     "latency", "50ms")



RATE = os.environ.get("RATE", "2gbit")


def same(path, size):
    if os.path.getsize(path) != size:
        return False
    with open(path, "rb") as file:
        return all(file.read(len(BLOCK)) == BLOCK[:min(len(BLOCK), size - at)]
                   for at in range(0, size, len(BLOCK)))


def runs(pid):
    """Whether a process has not ended; an orphan that nobody waits for has."""
    try:
        return open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


class Transfer:
    """One file on its way: origin and near on this host, two relays, send and recv on the other."""

    names = ("origin", "near", "relay", "listener", "far send", "far recv")

    def __init__(self, here, there, place, size, producer=None, consumer=None):
        self.place, self.size = place, size
        self.input, self.output = place + "/input", place + "/output"
        self.begun = time.monotonic()
        limits = ["-q", "--stall-timeout", STALL, "--timeout", "20s"]
        self.wrap("far", f"{T} send job --framed -q --stall-timeout {STALL} --timeout 20s")
        self.wrap("relay", "socat -t 30 STDIO TCP:10.77.0.2:7000,retry=100,interval=0.05")
        self.processes = {
            "listener": there.start(
                "socat", "-t", "30", "TCP-LISTEN:7000,reuseaddr", f"EXEC:{place}/far"),
            "far recv": there.start(
                T, "recv", "job", *limits, *(["--", *consumer] if consumer else ["--output", self.output])),
            "near": here.start(T, "recv", "job", "--framed", *limits, "--", place + "/relay"),
            "origin": here.start(
                T, "send", "job", *limits, *(["--", *producer] if producer else [self.input])),
        }

    def wrap(self, name, command):
        """A script that runs a command, and keeps its number and its exit status."""
        path = f"{self.place}/{name}"
        open(path, "w").write(
            f"#!/bin/sh\nexec 3<&0\n{command} <&3 3<&- &\necho $! > {path}.pid\n"
            f"wait $!\nstatus=$?\necho $status > {path}.status\nexit $status\n")
        os.chmod(path, 0o755)

    def number(self, name, suffix):
        path = self.place + {"far send": "/far", "relay": "/relay"}[name] + suffix
        until = time.monotonic() + 5
        while not (os.path.exists(path) and open(path).read().strip()):
            assert time.monotonic() < until, f"there is no {path}"
            time.sleep(0.01)
        return int(open(path).read())

    def status(self, name):
        """Its exit status; "?" if the script that waited for it was ended first."""
        pid, until = self.pid(name), time.monotonic() + 10
        while runs(pid):
            if time.monotonic() > until:
                return "hangs"
            time.sleep(0.01)
        time.sleep(0.05)
        path = f"{self.place}/{'far' if name == 'far send' else name}.status"
        status = open(path).read().strip() if os.path.exists(path) else ""
        return 128 - int(status) if 128 < int(status or 0) < 160 else int(status) if status else "?"

    def pid(self, name):
        return self.processes[name].pid if name in self.processes else self.number(name, ".pid")

    def under_way(self, share):
        """Waits until the link has carried a share of the bytes."""
        until = time.monotonic() + 20
        while carried() - self.carried < share * self.size:
            assert time.monotonic() < until, "the transfer has not begun"
            assert all(process.poll() is None for process in self.processes.values()), self.told()
            time.sleep(0.005)

    def told(self):
        return {name: process.stderr.read().decode(errors="replace")
                for name, process in self.processes.items() if process.poll() is not None}

    def finish(self):
        until = time.monotonic() + LIMIT
        codes = {}
        for name, process in self.processes.items():
            try:
                codes[name] = process.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                codes[name] = "hangs"
                process.kill()
                process.wait()
        self.seconds = time.monotonic() - self.begun
        for name in ("relay", "far send"):
            codes[name] = self.status(name)
        self.texts = self.told()
        return codes


def carried():
    path = f"/proc/{HERE.keeper.pid}/net/dev"
    for line in open(path):
        if line.strip().startswith("v0:"):
            return int(line.split()[9])
    return 0


def check(scenario, transfer, codes, whole):
    """The rules that hold whatever happened."""
    what = (scenario, codes, transfer.texts)
    at_far = ("complete" if os.path.exists(transfer.output) and same(transfer.output, transfer.size)
              else "incomplete" if os.path.exists(transfer.output) else "no file")
    row = [scenario, *(codes[name] for name in Transfer.names), at_far, f"{transfer.seconds:.1f} s"]
    print("|", " | ".join(map(str, row)), "|", flush=True)
    if os.environ.get("TOLD"):
        print(transfer.texts)
    assert "hangs" not in codes.values(), what
    assert at_far != "incomplete", what
    if codes["far recv"] == 0 and not transfer.is_consumer:
        assert at_far == "complete", what
    for end in ("near", "origin"):
        if codes[end] == 0:
            assert codes["far recv"] == 0, what
    if whole:
        assert (codes["origin"], codes["near"], codes["far recv"], at_far) == (0, 0, 0, "complete"), what
    else:
        assert codes["origin"] != 0 and codes["near"] != 0 and codes["far recv"] != 0, what
        assert at_far == "no file", what
    known = {"input", "output"} | {
        name + suffix for name in ("far", "relay") for suffix in ("", ".pid", ".status")}
    assert set(os.listdir(transfer.place)) <= known, os.listdir(transfer.place)
    for host, sender in ((HERE, "origin"), (THERE, "far send")):
        # A sender that was killed cannot remove its name; a command does.
        if scenario == f"{sender}: SIGKILL":
            assert host.left() == ["job"], (scenario, host.left())
            host.run(T, "remove", "stream:job")
        assert host.left() == [], (scenario, host.left())


def transfer(scenario, fault=None, whole=False, size=None, **options):
    if ONLY and scenario not in ONLY:
        return
    place = tempfile.mkdtemp(dir=BASE)
    size = SIZE if size is None else size
    with open(place + "/input", "wb") as file:
        for at in range(0, size, len(BLOCK)):
            file.write(BLOCK[:min(len(BLOCK), size - at)])
    before = carried()
    one = Transfer(HERE, THERE, place, size, **options)
    one.carried, one.is_consumer = before, "consumer" in options
    if fault:
        fault(one)
    check(scenario, one, one.finish(), whole)
    shutil.rmtree(place)


def killing(name, number):
    def fault(one):
        one.under_way(random.uniform(0.1, 0.5))
        os.kill(one.pid(name), number)
    return fault


def down(seconds):
    def fault(one):
        one.under_way(0.2)
        HERE.run("ip", "link", "set", "v0", "down")
        if seconds:
            time.sleep(seconds)
            HERE.run("ip", "link", "set", "v0", "up")
    return fault



BASE = tempfile.mkdtemp()
HERE, THERE = Host(), Host()
try:
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", BASE], check=True)
    HERE.end(), THERE.end()
    HERE, THERE = Host(), Host()
    link(HERE, THERE)
    print("| what happens | origin | near | relay | listener | far send | far recv | at the far end | time |")
    print("|" + " --- |" * 9)
    transfer("nothing", whole=True)
    transfer("empty stream", whole=True, size=0)
    for name in Transfer.names:
        for number in (signal.SIGKILL, signal.SIGTERM):
            transfer(f"{name}: {number.name}", killing(name, number))
    transfer(f"link down for {DOWN} s", down(DOWN), whole=True)
    transfer("far consumer fails late", consumer=["sh", "-c", "cat > /dev/null; exit 3"])
    transfer("producer fails", producer=["sh", "-c", f"head -c {SIZE // 2} /dev/zero; exit 4"])
    # Last, because the link stays down.
    transfer("link down", down(0))
finally:
    HERE.end(), THERE.end()
    subprocess.run(["umount", BASE])
    os.rmdir(BASE)
