"""Both ends of a stream, written from the guide's description of the protocol."""
import array
import fcntl
import mmap
import os
import select
import socket
import struct

from streams import SOCKET
from support import until


class End:
    def packet(self, kind, *numbers, text=b""):
        numbers = [*numbers, *[0] * (6 - len(numbers))]
        return struct.pack("<4sHH6QQ", b"SHMS", kind, 1, *numbers, len(text)) + text.ljust(192, b"\0")
    def say(self, kind, *numbers, files=(), text=b""):
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", files))] if files else []
        self.socket.sendmsg([self.packet(kind, *numbers, text=text)], rights)
    def hear(self):
        data, rights, _, _ = self.socket.recvmsg(257, socket.CMSG_SPACE(4 * 3))
        if not data:
            return None, (), []
        assert len(data) == 256 and data[:4] == b"SHMS", data
        kind, version = struct.unpack_from("<HH", data, 4)
        assert version == 1
        files = array.array("i")
        for _, _, passed in rights:
            files.frombytes(passed)
        return kind, struct.unpack_from("<6Q", data, 8), list(files)
    def map(self, file, offset, capacity):
        self.offset, self.capacity = offset, capacity
        self.memory = mmap.mmap(file, offset + capacity)
        # Whole numbers of 8 bytes, loaded and stored at once.
        self.words = memoryview(self.memory).cast("Q")
    def piece(self, position, count):
        start = position % self.capacity
        count = min(count, self.capacity - start)
        return memoryview(self.memory)[self.offset + start:self.offset + start + count]


class Receiver(End):
    def __init__(self):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        until(lambda: not self.socket.connect_ex(SOCKET))
        self.say(1)
        kind, (self.stream, capacity, offset, index, _, self.flags), files = self.hear()
        assert kind == 2 and len(files) == 3, (kind, files)
        file, self.mine, self.theirs = files
        assert fcntl.fcntl(file, 1034) & 7 == 7 and os.fstat(file).st_size == offset + capacity
        self.map(file, offset, capacity)
        self.position = 0
        self.own, self.waits = (384 + 256 * index) // 8, (512 + 256 * index) // 8
        self.say(3, self.stream)
        assert self.hear()[:2] == (8, (self.stream, 0, 0, 0, 0, 0))
    def release(self, count):
        self.position += count
        self.words[self.own] = self.position
        if self.words[256 // 8]:
            self.words[256 // 8] = 0
            os.eventfd_write(self.theirs, 1)
    def receive(self):
        data, total = b"", None
        while total is None or self.position < total:
            count = self.words[128 // 8] - self.position
            assert 0 <= count <= self.capacity
            if count:
                piece = self.piece(self.position, count)
                data += piece
                self.release(len(piece))
                continue
            self.words[self.waits] = 1
            if self.words[128 // 8] == self.position:
                ready = select.select([self.mine, self.socket], [], [])[0]
                if self.mine in ready:
                    os.eventfd_read(self.mine)
                if self.socket in ready:
                    kind, numbers, _ = self.hear()
                    assert kind in (4, 6, None), kind
                    if kind != 4:
                        return data, False
                    assert numbers[0] == self.stream
                    total = numbers[1]
            self.words[self.waits] = 0
        self.say(5, self.stream, total)
        return data, True


class Sender(End):
    def __init__(self, capacity=65536, receivers=1, events=None):
        server = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        # The last end of another stream removes the directory.
        while True:
            os.makedirs(os.path.dirname(SOCKET), 0o700, exist_ok=True)
            try:
                server.bind(SOCKET)
                break
            except FileNotFoundError:
                continue
        server.listen()
        file = os.memfd_create("ring", os.MFD_ALLOW_SEALING)
        os.ftruncate(file, 8192 + capacity)
        fcntl.fcntl(file, 1033, 7)
        self.map(file, 8192, capacity)
        struct.pack_into("<8sIIQ", self.memory, 0, b"shmring1", 1, receivers, capacity)
        # A connection that closes without a message was a probe.
        heard = None
        while heard is None:
            self.socket, _ = server.accept()
            heard = self.hear()[0]
        assert heard == 1
        server.close()
        os.unlink(SOCKET)
        self.stream, self.position = 77, 0
        self.theirs, self.mine = events or (os.eventfd(0), os.eventfd(0))
        self.say(2, 77, capacity, 8192, 0, (1 << 64) - 1, 0, files=[file, self.theirs, self.mine])
        assert self.hear()[:2] == (3, (77, 0, 0, 0, 0, 0))
        self.say(8, 77)
    def put(self, data):
        while data:
            room = self.capacity - (self.position - self.words[384 // 8])
            if not room:
                self.words[256 // 8] = 1
                if self.capacity == self.position - self.words[384 // 8]:
                    select.select([self.mine, self.socket], [], [])
                    os.eventfd_read(self.mine)
                self.words[256 // 8] = 0
                continue
            piece = self.piece(self.position, min(room, len(data)))
            piece[:] = data[:len(piece)]
            data = data[len(piece):]
            self.publish(self.position + len(piece))
    def publish(self, position):
        self.position = position
        self.words[128 // 8] = position
        if self.words[512 // 8]:
            self.words[512 // 8] = 0
            os.eventfd_write(self.theirs, 1)
