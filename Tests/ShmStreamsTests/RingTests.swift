import Glibc
import ShmTestSupport
import SystemPackage
import Testing

@testable import ShmCore
@testable import ShmStreams

@Suite("The ring of a stream")
struct RingTests {
  /// A writer and its readers over one memory, as two processes have them.
  private func pair(_ capacity: Int = 64 << 10) throws -> (RingBox) { try RingBox(capacity) }

  /// Both sides: a tuple holds no values that have one owner.
  private final class RingBox {
    var writer: RingWriter
    var reader: RingReader

    init(_ capacity: Int) throws {
      let memory = try RingMemory.create(capacity: capacity, receivers: 1)
      let copy = try memory.descriptor.duplicate()
      reader = RingReader(
        try RingMemory(
          checking: copy, capacity: capacity, dataOffset: memory.geometry.dataOffset, index: 0),
        index: 0)
      writer = RingWriter(memory, receivers: 1, windowLimit: 16383)
    }

    // The testing library's macros take no mutating call of a value that has one owner.
    func room() throws -> Int { try writer.room() }
    func roomBeforeWaiting(_ wanted: Int = 1) throws -> Int {
      try writer.roomBeforeWaiting(wanted: wanted)
    }
    func available() throws -> Int { try reader.available() }
    func availableBeforeWaiting(_ wanted: Int = 1) throws -> Int {
      try reader.availableBeforeWaiting(wanted: wanted)
    }
    func isSenderToBeWoken() -> Bool { reader.isSenderToBeWoken() }
    func append(_ count: Int) { writer.append(count) }
    func publish(_ count: Int = 0) -> UInt32 {
      writer.append(count)
      return writer.publish()
    }
    func release(_ count: Int) -> Bool { reader.release(count) }

    /// Puts bytes in that say their own position.
    func put(_ count: Int) {
      let start = Int(writer.position)
      let space = unsafe writer.writableBytes(count)
      for index in 0..<count {
        unsafe space[index] = UInt8(truncatingIfNeeded: (start + index) / 7)
      }
      _ = publish(count)
    }

    /// Takes bytes out, and whether they are what was put in.
    func take(_ count: Int) -> Bool {
      let start = Int(reader.position)
      let bytes = unsafe reader.bytes(count)
      let isRight = (0..<count).allSatisfy {
        unsafe bytes[$0] == UInt8(truncatingIfNeeded: (start + $0) / 7)
      }
      _ = reader.release(count)
      return isRight
    }
  }

  @Test(
    "the bytes are read in order, also across the end of the ring",
    arguments: [1, 4095, 4097, 65535, 65536])
  func order(_ step: Int) throws {
    let ring = try pair()
    for _ in 0..<max(8, 200_000 / step) {
      #expect(try ring.room() == 65536)
      ring.put(step)
      #expect(try ring.room() == 65536 - step)
      #expect(try ring.available() == step)
      #expect(ring.take(step))
      #expect(try ring.available() == 0)
    }
  }

  @Test("a waiting reader is woken once, a waiting writer when a large part of the ring is free")
  func wakes() throws {
    let ring = try pair()
    #expect(ring.publish(1) == 0)
    _ = ring.release(0)
    #expect(try ring.availableBeforeWaiting() == 1)
    #expect(try ring.available() == 1)
    _ = ring.release(1)
    #expect(try ring.availableBeforeWaiting() == 0)
    #expect(ring.publish(1) == 1)
    #expect(ring.publish(1) == 0)
    #expect(ring.publish(65534) == 0)
    #expect(try ring.available() == 65536)
    #expect(try ring.roomBeforeWaiting() == 0)
    #expect(!ring.release(65536 / 4 - 1))
    #expect(ring.release(1))
    #expect(!ring.release(1))
    // It waits for more than there is: it is looked for once as much again is free.
    #expect(try ring.roomBeforeWaiting(40_000) == 65536 / 4 + 1)
    #expect(!ring.release(65536 / 4 - 2))
    #expect(ring.release(1))
  }

  @Test("a reader wakes the writer before it waits, also if little room is free")
  func standstill() throws {
    let ring = try pair()
    _ = ring.publish(65536)
    #expect(try ring.availableBeforeWaiting(65536) == 65536)
    #expect(try ring.roomBeforeWaiting(100) == 0)
    #expect(!ring.release(100))
    #expect(try ring.availableBeforeWaiting(65536) == 65436)
    #expect(ring.isSenderToBeWoken())
    #expect(!ring.isSenderToBeWoken())
    // The reader waits first.
    #expect(try ring.roomBeforeWaiting(100) == 100)
    #expect(!ring.isSenderToBeWoken())
    #expect(ring.publish(100) == 1)
  }

  @Test("invalid positions are refused", arguments: [1, 65536, 1 << 40, UInt64.max])
  func positions(_ wrong: UInt64) throws {
    let ring = try pair()
    ring.writer.memory.word(at: RingGeometry.receiverPosition(0)).publish(wrong)
    error(.damaged) { _ = try ring.room() }
    let other = try pair()
    if wrong > 65536 {
      other.writer.memory.word(at: RingGeometry.senderPosition).publish(wrong)
      error(.damaged) { _ = try other.available() }
    }
  }

  @Test("positions that decrease are refused")
  func back() throws {
    let ring = try pair()
    ring.put(1000)
    #expect(try ring.available() == 1000)
    #expect(ring.take(500))
    #expect(try ring.room() == 65536 - 500)
    ring.writer.memory.word(at: RingGeometry.receiverPosition(0)).publish(400)
    error(.damaged) { _ = try ring.room() }
    ring.writer.memory.word(at: RingGeometry.senderPosition).publish(900)
    error(.damaged) { _ = try ring.available() }
  }

  @Test("appended bytes take room, and are visible after they are published")
  func appended() throws {
    let ring = try pair()
    ring.append(300)
    #expect(ring.writer.unpublished == 300 && ring.writer.position == 300)
    #expect(try ring.available() == 0)
    #expect(try ring.room() == 65536 - 300)
    // A receiver cannot have consumed bytes that it cannot see.
    ring.writer.memory.word(at: RingGeometry.receiverPosition(0)).publish(100)
    error(.damaged) { _ = try ring.room() }
    ring.writer.memory.word(at: RingGeometry.receiverPosition(0)).publish(0)
    #expect(ring.publish(50) == 0)
    #expect(ring.writer.unpublished == 0)
    #expect(try ring.available() == 350)
    ring.append(8)
    ring.writer.discardUnpublished()
    #expect(ring.writer.position == 350 && ring.writer.unpublished == 0)
  }

  @Test("memory that is not sealed, or has another size or version, is refused")
  func checked() throws {
    func attempt(_ region: borrowing Region, capacity: Int = 65536, offset: Int = 8192) throws {
      error(.incompatible) {
        _ = try RingMemory(
          checking: try region.descriptor.duplicate(), capacity: capacity, dataOffset: offset,
          index: 0)
      }
    }
    let open = try Region.anonymous("t", size: 65536 + 8192)
    try attempt(open)
    try open.add([.shrink, .grow])
    try attempt(open)
    try open.add([.seal])
    // Sealed, and yet without a header.
    try attempt(open)
    try attempt(open, capacity: 32768)
    try attempt(open, capacity: 131_072)
    try attempt(open, offset: 4096)
  }

  @Test(
    "invalid ring sizes are refused", arguments: [0, 1, 4096, 65535, 65537, 100_000, 1 << 31])
  func sizes(_ capacity: Int) {
    error(.usage) { _ = try RingMemory.create(capacity: capacity, receivers: 1) }
  }

  @Test("CRC-32C has the values of the standard's test vectors")
  func checksum() {
    var sum = Checksum()
    let text = Array("123456789".utf8)
    unsafe text.withUnsafeBytes { unsafe sum.add($0) }
    #expect(sum.value == 0xE306_9283)
    var parts = Checksum()
    for byte in text { unsafe [byte].withUnsafeBytes { unsafe parts.add($0) } }
    #expect(parts.value == sum.value)
  }
}
