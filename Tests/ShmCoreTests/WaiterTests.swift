import CShm
import Glibc
import ShmTestSupport
import SystemPackage
import Testing

@testable import ShmCore

@Suite("Waits for descriptors")
struct WaiterTests {
  private static let limit = Duration.milliseconds(5000)

  @discardableResult
  private func write(to raw: CInt) -> Bool {
    unsafe Glibc.write(raw, "x", 1) == 1
  }

  @Test("a wait reports each descriptor in the given order, and false for all after the time limit")
  func order() throws {
    let silent = try Pipe()
    let pipe = try Pipe()
    let both = [silent.reading.raw, pipe.reading.raw]
    let begin = Clock.nanoseconds
    #expect(try Waiter.wait(for: both, timeout: .milliseconds(20)) == [false, false])
    #expect(Clock.nanoseconds - begin >= 20_000_000)
    #expect(write(to: pipe.writing.raw))
    #expect(try Waiter.wait(for: both, timeout: Self.limit) == [false, true])
    #expect(try Waiter.wait(for: both.reversed(), timeout: nil) == [true, false])
    #expect(try Waiter.isReady(pipe.reading.raw))
    #expect(try !Waiter.isReady(silent.reading.raw))
  }

  @Test("a wait for writing ends when there is room")
  func room() throws {
    let pipe = try Pipe()
    let interest = Waiter.Interest(descriptor: pipe.writing.raw, events: POLLOUT)
    #expect(try Waiter.wait(for: [interest], timeout: Self.limit) == [true])
    #expect(cshm_fcntl(pipe.writing.raw, F_SETFL, O_NONBLOCK) == 0)
    while write(to: pipe.writing.raw) {}
    #expect(try Waiter.wait(for: [interest], timeout: .zero) == [false])
    #expect(try !Waiter.isReady(pipe.writing.raw, for: POLLOUT, timeout: .milliseconds(5)))
  }

  @Test("a wait without requested events ends only for an error or a hang-up")
  func hangUp() throws {
    func isReady(_ raw: CInt) throws -> [Bool] {
      try Waiter.wait(for: [Waiter.Interest(descriptor: raw, events: 0)], timeout: .zero)
    }
    var pipe = try Pipe()
    #expect(write(to: pipe.writing.raw))
    #expect(try isReady(pipe.reading.raw) == [false] && isReady(pipe.writing.raw) == [false])
    let writing = pipe.closeReading()
    #expect(try isReady(writing.raw) == [true])
    pipe = try Pipe()
    let reading = pipe.closeWriting()
    #expect(try isReady(reading.raw) == [true])
  }

  @Test("poll ignores a negative descriptor, and reports a closed one")
  func noDescriptor() throws {
    #expect(try Waiter.wait(for: [-1], timeout: .milliseconds(1)) == [false])
    #expect(try Waiter.wait(for: [CInt](), timeout: .zero) == [])
    #expect(try Waiter.wait(for: [1 << 28], timeout: Self.limit) == [true])
  }

  @Test(
    "an interrupted wait is continued, and other errors are thrown",
    arguments: [
      ([-EINTR, -EINTR, 2], true), ([-EINTR, 0], false), ([1], true), ([0], false),
      ([-ENOMEM], nil), ([-EINTR, -EINVAL], nil),
    ] as [([CInt], Bool?)])
  func interruptions(_ answers: [CInt], _ expected: Bool?) throws {
    var rest = answers[...]
    let result = try? Waiter.untilReady(timeout: Self.limit) { _ in rest.removeFirst() }
    #expect(result == expected && rest.isEmpty)
  }

  @Test("a call that is always interrupted is an error, not an endless loop")
  func refusal() {
    #expect(throws: Errno.interrupted) {
      try Waiter.untilReady(timeout: nil) { _ in -EINTR }
    }
  }

  @Test("each call waits for the time that is left, and a longer limit takes several calls")
  func steps() throws {
    var asked: [CInt] = []
    func answers(_ values: [CInt]) -> (CInt) -> CInt {
      { left in
        asked.append(left)
        return values[asked.count - 1]
      }
    }
    #expect(try Waiter.untilReady(timeout: .seconds(5_000_000), answers([0, 0, 1])))
    #expect(asked == [CInt.max, CInt.max, CInt.max])
    asked = []
    #expect(try Waiter.untilReady(timeout: nil, answers([-EINTR, 1])))
    #expect(asked == [-1, -1])
    asked = []
    #expect(try !Waiter.untilReady(timeout: .zero, answers([0])))
    #expect(asked == [0])
  }

  @Test("a waiter can be used again with other descriptors")
  func reuse() throws {
    let first = try Pipe()
    let second = try Pipe()
    var waiter = Waiter()
    waiter.add(first.reading.raw)
    waiter.add(first.writing.raw, POLLOUT)
    try waiter.wait(timeout: Self.limit)
    #expect(waiter.count == 2 && !waiter.isReady(0) && waiter.isReady(1))
    waiter.removeAll()
    #expect(waiter.count == 0)
    write(to: second.writing.raw)
    waiter.add(second.reading.raw)
    try waiter.wait(timeout: Self.limit)
    #expect(waiter.count == 1 && waiter.isReady(0))
  }

  @Test(
    "a registered event is reported once for each signal, other descriptors while readable"
  )
  func registered() throws {
    let event = OwnedDescriptor(
      adopting: try SystemCall.checkNegated { cshm_eventfd() })
    func ring() {
      var one: UInt64 = 1
      #expect(unsafe Glibc.write(event.raw, &one, 8) == 8)
    }
    let silent = try Pipe()
    let pipe = try Pipe()
    var waiter = try Waiter(rung: event.raw, readable: [silent.reading.raw, pipe.reading.raw])
    func ready(_ timeout: Duration = .zero) throws -> [Bool] {
      try waiter.wait(timeout: timeout)
      return (0..<waiter.count).map { waiter.isReady($0) }
    }
    #expect(try ready(.milliseconds(5)) == [false, false, false])
    for _ in 0..<2 {
      ring()
      #expect(try ready(Self.limit) == [true, false, false])
      #expect(try ready() == [false, false, false])
    }
    write(to: pipe.writing.raw)
    ring()
    #expect(try ready(Self.limit) == [true, false, true])
    #expect(try ready(Self.limit) == [false, false, true])
  }

  @Test("a descriptor that epoll does not support is refused")
  func unsupported() throws {
    let event = OwnedDescriptor(
      adopting: try SystemCall.checkNegated { cshm_eventfd() })
    let file = try FileSystem.open("/proc/self/exe", O_RDONLY)
    #expect(throws: Errno.notPermitted) {
      _ = try Waiter(rung: event.raw, readable: [file.raw])
    }
  }

  @Test("a pause does not end before its time", arguments: [0, 1, 1500, 20_000])
  func pause(_ microseconds: Int) {
    let begin = Clock.nanoseconds
    Waiter.pause(.microseconds(microseconds))
    #expect(Clock.nanoseconds - begin >= microseconds * 1000)
  }
}
