import json
import mmap
import os
import time

from support import N, P, run, start


# Without Python's tracker, which would remove the objects of other programs.
from multiprocessing import resource_tracker, shared_memory
resource_tracker.register = lambda *_: None
resource_tracker.unregister = lambda *_: None


def test_theirs_of_ours():
    assert run("fill", N, "--sequence", "-q").returncode == 0
    block = shared_memory.SharedMemory(N)
    assert block.size == 65536
    assert bytes(block.buf[4096:4104]) == (4096).to_bytes(8, "little")
    block.buf[10:15] = b"hello"
    assert run("read", N, "--offset", "10", "--length", "5").stdout == b"hello"
    result = run("verify", N, "--sequence")
    assert result.returncode == 1 and b"first at offset 10, 5 of" in result.stderr + result.stdout
    assert run("write", N, "--offset", "65530", input=b"tail!!").returncode == 0
    assert bytes(block.buf[65530:]) == b"tail!!"
    use = json.loads(run("inspect", N, "--json").stdout)["regions"][0]
    assert os.getpid() in [user["pid"] for user in use["users"]], use
    assert run("remove", N, "--unused").returncode == 75
    block.close()
    assert run("remove", N, "--unused").returncode == 0


def test_ours_of_theirs():
    for ours in (True, False):
        block = shared_memory.SharedMemory(N, create=True, size=100_000)
        block.buf[:3] = b"abc"
        assert run("read", N, "--length", "3").stdout == b"abc"
        assert run("create", N, "4K").returncode == 73
        assert run("fill", N, "--random", "--seed", "9", "-q").returncode == 0
        assert run("verify", N, "--random", "--seed", "9", "-q").returncode == 0
        status = json.loads(run("inspect", N, "--json").stdout)["regions"][0]
        assert (status["size"], status["mode"]) == (100_000, "0600"), status
        assert run("resize", N, "200000", "-q").returncode == 0
        again = shared_memory.SharedMemory(N)
        assert again.size == 200_000 and bytes(again.buf[150_000:]) == bytes(50_000)
        again.close()
        block.close()
        if ours:
            assert run("remove", N, "-q").returncode == 0
        else:
            block.unlink()
        assert not os.path.exists(P)
        assert run("inspect", N).returncode == 66


def test_mapped():
    with open(P, "r+b") as file:
        shared = mmap.mmap(file.fileno(), 0)
        private = mmap.mmap(file.fileno(), 0, flags=mmap.MAP_PRIVATE)
    assert run("write", N, input=b"one").returncode == 0
    assert (shared[:3], private[:3]) == (b"one", b"one")
    private[:3] = b"own"
    assert run("write", N, input=b"two").returncode == 0
    assert (shared[:3], private[:3]) == (b"two", b"own")
    shared[4096:4100] = b"last"
    assert run("wait", N, "--at", "4096", "--equals", "last", "--timeout", "5s").returncode == 0


def test_waited():
    process = start("wait", N, "--at", "4090", "--equals", "across pages", "--timeout", "30s")
    with open(P, "r+b") as file:
        memory = mmap.mmap(file.fileno(), 0)
    time.sleep(0.1)
    assert process.poll() is None
    memory[4090:4102] = b"across pages"
    assert process.wait(30) == 0
