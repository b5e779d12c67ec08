import ShmTestSupport
import Testing

@testable import ShmCore
@testable import ShmStreams

@Suite("The ring and a model of it")
struct RingModelTests {
  /// A writer, three readers, and the numbers that they must have.
  private final class Ring {
    static let capacity = 64 << 10

    var writer: RingWriter
    var readers: [Reader]
    /// The next byte that is written.
    var written = 0
    var visible = 0
    /// A bound on the room that is known.
    var known = 0

    /// Makes a reader an element of an array.
    final class Reader {
      var ring: RingReader
      var position = 0
      /// The position of the sender at the last look.
      var seen = 0

      init(_ ring: consuming RingReader) { self.ring = ring }
    }

    init(windowLimit: Int) throws {
      let memory = try RingMemory.create(capacity: Self.capacity, receivers: 3)
      readers = []
      for index in 0..<3 {
        let theirs = try RingMemory(
          checking: try memory.descriptor.duplicate(), capacity: Self.capacity,
          dataOffset: memory.geometry.dataOffset, index: index)
        readers.append(Reader(RingReader(theirs, index: index)))
      }
      writer = RingWriter(memory, receivers: 3, windowLimit: windowLimit)
    }

    var room: Int { Self.capacity - written + (readers.map(\.position).min() ?? 0) }

    /// Whether the writer has the numbers of the model.
    var isRight: Bool {
      writer.position == UInt64(written) && writer.unpublished == written - visible
        && writer.knownRoom == known && known <= room
        && (0...known).contains(writer.window.count)
    }
  }

  private static func byte(_ position: Int) -> UInt8 { UInt8(truncatingIfNeeded: position / 8 * 7) }

  /// Writes the header and the bytes of a record that has the bytes of its position everywhere else.
  private func append(_ count: Int, to ring: Ring, byWindow: Bool) {
    let size = 8 + (count + 7) / 8 * 8
    let bytes = (0..<count).map { Self.byte(ring.written + 8 + $0) }
    if byWindow {
      guard unsafe bytes.withUnsafeBytes({ unsafe ring.writer.window.append($0) }) else { return }
    } else {
      guard size <= ring.known else { return }
      let space = unsafe ring.writer.writableBytes(size)
      unsafe space.storeBytes(of: UInt64(count), as: UInt64.self)
      for index in bytes.indices { unsafe space[8 + index] = bytes[index] }
      ring.writer.append(size)
    }
    ring.written += size
    ring.known -= size
  }

  @Test(
    "random calls of a writer and three readers do what a simple model does",
    arguments: [0, 8, 4096, 16_383])
  func random(_ windowLimit: Int) throws {
    let ring = try Ring(windowLimit: windowLimit)
    var generator = SeededGenerator(seed: 0xA11)
    func number(_ limit: Int) -> Int { Int(generator.next() % UInt64(limit)) }
    for step in 0..<800 {
      switch number(12) {
      case 0...4: append(number(10) == 0 ? number(20_000) : number(60), to: ring, byWindow: true)
      case 5: append(number(6) == 0 ? number(65_528) : number(300), to: ring, byWindow: false)
      case 6:
        _ = ring.writer.publish()
        ring.visible = ring.written
      case 7:
        ring.known = try ring.writer.room()
        try #require(ring.known == ring.room)
      case 8 where number(5) == 0:
        ring.known += ring.written - ring.visible
        ring.written = ring.visible
        ring.writer.discardUnpublished()
      case 9 where number(5) == 0:
        ring.known = 0
        ring.writer.forget()
      default:
        let reader = ring.readers[number(3)]
        try read(reader, number(40), visible: ring.visible)
      }
      try #require(ring.isRight, "step \(step)")
    }
    #expect(ring.written > Ring.capacity)
  }

  /// Reads some records, and compares their bytes.
  private func read(_ reader: Ring.Reader, _ most: Int, visible: Int) throws {
    if reader.ring.known < 8 {
      let available = try reader.ring.available()
      try #require(available == visible - reader.position)
    }
    for _ in 0..<most {
      guard let bytes = unsafe reader.ring.window.record else { return }
      let first = reader.position + 8
      let isSame = bytes.indices.allSatisfy { unsafe bytes[$0] == Self.byte(first + $0) }
      try #require(isSame, "the record at \(first)")
      let size = 8 + (bytes.count + 7) / 8 * 8
      _ = reader.ring.release(size)
      reader.position += size
      try #require(reader.position <= visible)
    }
  }

  @Test("random positions of a hostile receiver are refused, or leave the room within the ring")
  func hostile() throws {
    var generator = SeededGenerator(seed: 0xBAD)
    for _ in 0..<25 {
      let ring = try Ring(windowLimit: 16_383)
      let word = ring.writer.memory.word(at: RingGeometry.receiverPosition(1))
      var least: UInt64 = 0
      for _ in 0..<25 {
        let position = ring.writer.position
        let theirs =
          switch generator.next() % 8 {
          case 0: generator.next()
          case 1: UInt64(1) << (generator.next() % 64)
          case 2: position &+ 1
          case 3: least &- 1
          default: least + generator.next() % (UInt64(ring.visible) - least + 1)
          }
        word.publish(theirs)
        do {
          ring.known = try ring.writer.room()
        } catch {
          try #require(theirs < least || theirs > UInt64(ring.visible))
          break
        }
        try #require(theirs >= least && theirs <= UInt64(ring.visible))
        least = theirs
        try #require(ring.known >= 0 && ring.known <= ring.room)
        append(Int(generator.next() % 3000), to: ring, byWindow: generator.next() % 2 == 0)
        if generator.next() % 2 == 0 {
          _ = ring.writer.publish()
          ring.visible = ring.written
        }
      }
    }
  }
}
