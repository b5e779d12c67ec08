import ShmTestSupport
import Testing

/// Other ends, in Python and from the guide "The stream protocol" alone: good ones and hostile ones.
@Suite("streams with other programs' ends", .serialized)
struct ForeignEndTests {
  /// A receiver and a sender of the guide's protocol.
  static let ends = #"""
    import array, random, struct
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
            os.makedirs(os.path.dirname(SOCKET), 0o700, exist_ok=True)
            server = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            server.bind(SOCKET)
            server.listen()
            file = os.memfd_create("ring", os.MFD_ALLOW_SEALING)
            os.ftruncate(file, 8192 + capacity)
            fcntl.fcntl(file, 1033, 7)
            self.map(file, 8192, capacity)
            struct.pack_into("<8sIIQ", self.memory, 0, b"shmring1", 1, receivers, capacity)
            # Whoever connects and goes has only asked whether somebody listens.
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

    """#

  private func check(_ script: String) async throws {
    try await Streams.check(Self.ends + script)
  }

  @Test("a receiver and a sender that were written from the guide get and give every byte")
  func good() async throws {
    try await check(
      """
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
      """)
  }

  @Test("one that goes, or gives up, is told as that, and never taken for whole")
  func failing() async throws {
    try await check(
      """
      for ending, codes in ((lambda mine: mine.socket.close(), (69,)),
                            (lambda mine: mine.say(6, 77, 5, text=b"no \\x1b[31mmore"), (76,)),
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
          assert b"\\x1b" not in receiver.stderr.read()
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
      """)
  }

  @Test("one that rings all the time and moves nothing stalls the stream all the same")
  func ringing() async throws {
    try await check(
      """
      for theirs in ("send", "recv"):
          process = start(theirs, N, *(["/dev/zero"] if theirs == "send" else []), "--stall-timeout", "500ms")
          mine = Receiver() if theirs == "send" else Sender()
          begin = time.monotonic()
          while process.poll() is None and time.monotonic() - begin < 10:
              os.eventfd_write(mine.theirs, 1)
              time.sleep(0.05)
          assert process.wait(1) == 124 and time.monotonic() - begin < 5, process.stderr.read()
      """)
  }

  @Test(
    "one whose event is full, and would be waited for, or is no event, keeps nobody from its limit")
  func deafening() async throws {
    try await check(
      """
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
              assert receiver.returncode == 65 and b"has not sent a ring and two events" in message, message
      """)
  }

  @Test("positions and flags that change all the time end a stream, and crash nobody")
  func mutating() async throws {
    try await check(
      """
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
      """)
  }
}
