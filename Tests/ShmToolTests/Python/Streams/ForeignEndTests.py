import os
import random
import socket
import time

from foreign_end import Receiver, Sender
from streams import exactly, F, feed, Reader
from support import N, start, until


def test_good():
    for size in (0, 1, 65536, 1_000_003):
        data = os.urandom(size)
        sender = start("send", N, "--capacity", "64K", stdin=feed(data))
        assert Receiver().receive() == (data, True), size
        assert sender.wait(30) == 0
        receiver = start("recv", N)
        reading = Reader(receiver)
        mine = Sender()
        mine.put(data)
        mine.say(4, 77, size)
        reading.join(30)
        assert reading.out == data and mine.hear()[:2] == (5, (77, size, 0, 0, 0, 0)), size
        mine.socket.close()
        assert receiver.wait(30) == 0


def test_failing():
    for ending, codes in ((lambda mine: mine.socket.close(), (69,)),
                          (lambda mine: mine.say(6, 77, 5, text=b"no \x1b[31mmore"), (76,)),
                          (lambda mine: mine.say(4, 77, 6), (65,)), (lambda mine: mine.say(4, 77, 4), (65,)),
                          (lambda mine: mine.say(4, 78, 5), (65,)), (lambda mine: mine.say(8, 77), (65,)),
                          (lambda mine: mine.socket.send(b"nonsense"), (65,)),
                          (lambda mine: mine.socket.send(mine.packet(4, 77, 5) + b"x"), (65,))):
        receiver = start("recv", N)
        mine = Sender()
        mine.put(b"hello")
        assert receiver.stdout.read(5) == b"hello"
        ending(mine)
        assert receiver.wait(30) in codes, (codes, receiver.returncode)
        assert b"\x1b" not in receiver.stderr.read()
    for ending, codes in ((lambda mine: mine.socket.close(), (69,)),
                          (lambda mine: mine.say(6, mine.stream, 5, text=b"enough"), (76,)),
                          (lambda mine: mine.say(5, mine.stream, 5), (65,)),
                          (lambda mine: mine.say(3, mine.stream), (65,)),
                          (lambda mine: mine.socket.send(b"x" * 300), (65,))):
        reader, writer = os.pipe()
        sender = start("send", N, stdin=reader)
        mine = Receiver()
        ending(mine)
        assert sender.wait(30) in codes, (codes, sender.returncode, sender.stderr.read())
        os.close(writer)
    # It says that it has delivered all, and has not taken a byte.
    sender = start("send", N, stdin=feed(b"hello"))
    mine = Receiver()
    assert mine.hear()[0] == 4
    mine.say(5, mine.stream, 5)
    assert sender.wait(30) == 65 and b"position" in sender.stderr.read()


def test_ringing():
    for theirs in ("send", "recv"):
        process = start(theirs, N, *(["/dev/zero"] if theirs == "send" else []), "--stall-timeout", "500ms")
        mine = Receiver() if theirs == "send" else Sender()
        begin = time.monotonic()
        while process.poll() is None and time.monotonic() - begin < 10:
            os.eventfd_write(mine.theirs, 1)
            time.sleep(0.05)
        assert process.wait(1) == 124 and time.monotonic() - begin < 5, process.stderr.read()


def test_full_event():
    limit = ["--stall-timeout", "500ms"]
    def ended(process, code):
        begin = time.monotonic()
        assert process.wait(10) == code and time.monotonic() - begin < 5, process.stderr.read()
    # The sender's own event, which a receiver rings as soon as it has taken bytes.
    receiver = start("recv", N, *limit)
    mine = Sender()
    os.eventfd_write(mine.mine, (1 << 64) - 2)
    mine.words[256 // 8] = 1
    mine.put(bytes(65536))
    exactly(receiver.stdout, 65536)
    ended(receiver, 124)
    # The receiver's, which a sender rings as soon as it has put bytes in.
    sender = start("send", N, "/dev/zero", *limit)
    mine = Receiver()
    os.set_blocking(mine.mine, True)
    os.eventfd_write(mine.mine, (1 << 64) - 2)
    mine.words[mine.waits] = 1
    until(lambda: mine.words[128 // 8])
    mine.release(mine.words[128 // 8])
    ended(sender, 124)
    for other in (os.pipe()[1], socket.socketpair()[0].fileno(), os.open("/dev/zero", os.O_RDWR)):
        for place in range(2):
            events = [os.eventfd(0), os.eventfd(0)]
            events[place] = other
            receiver = start("recv", N, "--timeout", "20s")
            try:
                Sender(events=events)
            except (AssertionError, OSError):
                pass
            message = receiver.communicate(timeout=10)[1]
            assert receiver.returncode == 65 and b"did not send a ring and two events" in message, message


def test_mutating():
    seed = random.randrange(1 << 32)
    choose = random.Random(seed)
    values = lambda: choose.choice([0, 1, choose.getrandbits(16), choose.getrandbits(64), (1 << 64) - 1])
    for round in range(30):
        source = ["/dev/zero"] if round % 2 else [F]
        open(F, "wb").write(bytes(5_000_000))
        sender = start("send", N, *source, "--capacity", "64K", "--stall-timeout", "300ms")
        mine = Receiver()
        begin = time.monotonic()
        while sender.poll() is None and time.monotonic() - begin < 10:
            for _ in range(200):
                mine.words[choose.choice([mine.own, mine.own, mine.waits, 256 // 8, 128 // 8])] = values()
                if choose.random() < 0.1:
                    os.eventfd_write(mine.theirs, 1)
        assert sender.wait(1) in (65, 124), (seed, sender.returncode, sender.stderr.read())
        receiver = start("recv", N, "--stall-timeout", "300ms")
        reading = Reader(receiver)
        mine = Sender()
        begin = time.monotonic()
        while receiver.poll() is None and time.monotonic() - begin < 10:
            for _ in range(200):
                mine.words[choose.choice([16, 16, 32, 48, 64])] = values()
                if choose.random() < 0.1:
                    os.eventfd_write(mine.theirs, 1)
        assert receiver.wait(1) in (65, 124), (seed, receiver.returncode, receiver.stderr.read())
        reading.join(10)
