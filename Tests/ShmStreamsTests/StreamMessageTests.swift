import ShmTestSupport
import Testing

@testable import ShmCore
@testable import ShmStreams

@Suite("Messages of a stream")
struct StreamMessageTests {
  private static let hello = StreamMessage.Hello(
    stream: .max, capacity: 1 << 22, dataOffset: 8192, index: 15, expected: .max, flags: 3)

  private static let all: [StreamMessage] = [
    .join, .hello(hello), .ready(stream: 1), .start(stream: 2),
    .end(stream: 3, total: 1 << 40, checksum: nil),
    .end(stream: 3, total: 0, checksum: 0xFFFF_FFFF),
    .end(stream: 3, total: 0, checksum: 0), .done(stream: 4, total: .max),
    .abort(stream: 5, bytes: 6, reason: "the producer has failed"),
    .abort(stream: 5, bytes: 6, reason: ""), .busy,
  ]

  @Test("a message has 256 bytes, and is decoded unchanged", arguments: all)
  func roundTrip(_ message: StreamMessage) {
    #expect(message.packet.count == 256)
    #expect(StreamMessage(packet: message.packet) == message)
  }

  @Test("a message has the documented layout")
  func bytes() {
    let packet = StreamMessage.end(stream: 0x0102, total: 0x0304, checksum: 5).packet
    #expect(Array(packet[..<8]) == Array("SHMS".utf8) + [4, 0, 1, 0])
    #expect(Array(packet[8..<16]) == [2, 1, 0, 0, 0, 0, 0, 0])
    #expect(Array(packet[16..<24]) == [4, 3, 0, 0, 0, 0, 0, 0])
    #expect((packet[24], packet[32]) == (1, 5))
  }

  @Test("messages of another size, magic, version, type or range are refused")
  func refused() {
    let good = StreamMessage.end(stream: 1, total: 2, checksum: 3).packet
    #expect(StreamMessage(packet: good.dropLast()) == nil)
    #expect(StreamMessage(packet: good + [0]) == nil)
    #expect(StreamMessage(packet: []) == nil)
    for (offset, value) in [(0, 0), (4, 99), (5, 1), (6, 2), (24, 2), (37, 1)] {
      var bad = good
      bad[offset] = UInt8(value)
      #expect(StreamMessage(packet: bad) == nil, "byte \(offset)")
    }
    var long = StreamMessage.abort(stream: 1, bytes: 2, reason: "x").packet
    long[56] = 193
    #expect(StreamMessage(packet: long) == nil)
  }

  @Test("a long reason is cut at the end of a character, and escaped for a terminal")
  func reasons() {
    let long = String(repeating: "é", count: 200)
    guard
      case .abort(_, _, let reason)? = StreamMessage(
        packet: StreamMessage.abort(stream: 1, bytes: 2, reason: long).packet)
    else {
      Issue.record("it is no message")
      return
    }
    #expect(reason == String(repeating: "é", count: 96))
    var hostile = StreamMessage.abort(stream: 1, bytes: 2, reason: "abcd").packet
    hostile.replaceSubrange(64..<68, with: [0x1B, 0x5B, 0xFF, 0x0A])
    guard case .abort(_, _, let shown)? = StreamMessage(packet: hostile) else {
      Issue.record("it is no message")
      return
    }
    #expect(shown.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value < 0x7F })
  }

  @Test("random bytes make no parser trap")
  func fuzz() {
    var generator = SeededGenerator(seed: 20_261_124)
    for message in Self.all {
      for _ in 0..<2000 { _ = StreamMessage(packet: generator.input(like: message.packet)) }
      for _ in 0..<2000 {
        var packet = message.packet
        packet[Int(generator.next() % 256)] = UInt8(truncatingIfNeeded: generator.next())
        _ = StreamMessage(packet: packet)
      }
    }
  }
}
