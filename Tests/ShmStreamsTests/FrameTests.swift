import ShmTestSupport
import Testing

@testable import ShmCore
@testable import ShmStreams

@Suite("The framed form")
struct FrameTests {
  /// What a reader makes of bytes.
  private enum Outcome: Equatable {
    case complete([UInt8])
    case aborted([UInt8], String)
    case cutOff([UInt8])
    case fault([UInt8])
  }

  /// Reads bytes to their end, as `send` does.
  private func read(_ bytes: [UInt8], _ kind: Frame.Kind = .data) -> Outcome {
    var data: [UInt8] = []
    var rest = bytes[...]
    func take(_ count: Int) -> ArraySlice<UInt8>? {
      guard rest.count >= count else { return nil }
      defer { rest = rest.dropFirst(count) }
      return rest.prefix(count)
    }
    do throws(FrameFault) {
      guard let preamble = take(Frame.preambleSize) else { return .cutOff(data) }
      var decoder = try FrameDecoder(preamble, kind)
      while let header = take(Frame.headerSize) {
        switch try decoder.next(header) {
        case .data(let length):
          #expect((1...Frame.largestData).contains(length))
          guard let piece = take(length) else { return .cutOff(data) }
          try unsafe Array(piece).withUnsafeBufferPointer { (bytes) throws(FrameFault) in
            try unsafe decoder.check(UnsafeRawBufferPointer(bytes))
          }
          data += piece
        case .text(let length):
          #expect((0...Frame.largestText).contains(length))
          guard let text = take(length) else { return .cutOff(data) }
          return .aborted(data, try decoder.reason(text))
        case .skipped:
          Issue.record("a framed stream of data has nothing to skip")
          return .fault(data)
        case .end: return .complete(data)
        }
      }
      return .cutOff(data)
    } catch {
      return .fault(data)
    }
  }

  private func encode(_ data: [UInt8], pieces: [Int]) -> [UInt8] {
    var encoder = FrameEncoder(identifier: 42, expected: UInt64(data.count))
    var bytes = encoder.preamble.bytes
    var at = 0
    for count in pieces {
      let piece = Array(data[at..<at + count])
      bytes += unsafe piece.withUnsafeBytes { unsafe encoder.add($0) } + piece
      at += count
    }
    return bytes + FrameEncoder.record(of: encoder.end)
  }

  @Test("a decoder returns the encoded values")
  func roundTrip() throws {
    let data = (0..<70_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    for pieces in [[], [1], [65_536], [1, 2, 3, 60_000], [65_536, 4_464]] {
      let count = pieces.reduce(0, +)
      let bytes = encode(Array(data[..<count]), pieces: pieces)
      #expect(read(bytes) == .complete(Array(data[..<count])))
      #expect(bytes.count == 32 + 24 * (pieces.count + 1) + count)
    }
    #expect(try FrameDecoder(encode([], pieces: [])[..<32], .data).preamble.expected == 0)
    let unknown = FrameEncoder(identifier: 1, expected: nil).preamble.bytes
    #expect(try FrameDecoder(unknown, .data).preamble.expected == nil)
  }

  @Test("the layout of frames is the documented layout")
  func layout() {
    let bytes = FrameEncoder(identifier: 0x0807_0605_0403_0201, expected: nil).preamble.bytes
    #expect(Array(bytes[..<8]) == Array("SHMFRAME".utf8))
    #expect(Array(bytes[8..<16]) == [1, 2, 3, 4, 5, 6, 7, 8])
    #expect(Array(bytes[16..<28]) == [255, 255, 255, 255, 255, 255, 255, 255, 1, 0, 1, 0])
    let end = FrameEncoder.record(of: Frame.End(total: 0x1_0000_0002, checksum: 0xAABB_CCDD))
    #expect(Array(end[..<8]) == Array("END ".utf8) + [0, 0, 0, 0])
    #expect(Array(end[8..<20]) == [2, 0, 0, 0, 1, 0, 0, 0, 0xDD, 0xCC, 0xBB, 0xAA])
    // The check value of CRC-32C.
    #expect(Checksum.of(Array("123456789".utf8)) == 0xE306_9283)
  }

  @Test("a long reason is cut at the end of a character, and escaped for a terminal")
  func reasons() {
    let start = FrameEncoder(identifier: 1, expected: nil).preamble.bytes
    for (reason, expected) in [
      ("disk full", "disk full"), ("", "no reason given"), ("a\u{1B}[31m", "a\\x1b[31m"),
      (String(repeating: "ä", count: 200), String(repeating: "ä", count: 96)),
    ] {
      let bytes = start + FrameEncoder.record(abort: reason, after: 0)
      #expect(read(bytes) == .aborted([], expected))
    }
  }

  @Test("random bytes are refused as a framed stream")
  func randomBytes() {
    var random = SeededGenerator(seed: 15)
    for _ in 0..<5_000 {
      let count = Int(random.next() % 200)
      var bytes = (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      if random.next() % 2 == 0 { bytes = encode([], pieces: []).prefix(32) + bytes }
      switch read(bytes) {
      case .fault(let data), .cutOff(let data): #expect(data.isEmpty)
      case .complete, .aborted: Issue.record("taken for a stream: \(bytes)")
      }
    }
  }

  @Test("a changed stream is refused, and at most a correct prefix of its data is returned")
  func mutations() {
    var random = SeededGenerator(seed: 16)
    let data = (0..<3000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    let whole = encode(data, pieces: [1, 999, 2000])
    func below(_ count: Int) -> Int { Int(random.next() % UInt64(count)) }
    for _ in 0..<5_000 {
      var bytes = whole
      for _ in 0...below(3) {
        let at = below(bytes.count)
        switch below(6) {
        case 0: bytes[at] ^= 1 << UInt8(below(8))
        case 1: bytes[at] = UInt8(below(256))
        case 2: bytes.removeSubrange(at..<min(bytes.count, at + 1 + below(1100)))
        case 3: bytes.insert(contentsOf: bytes[at..<min(bytes.count, at + 1100)], at: at)
        case 4: bytes.removeLast(below(bytes.count))
        default: bytes.insert(contentsOf: (0..<below(40)).map { _ in UInt8(below(256)) }, at: at)
        }
        if bytes.isEmpty { break }
      }
      switch read(bytes) {
      // Only bytes after the end may differ, because they are not read.
      case .complete(let got): #expect(got == data && bytes.starts(with: whole))
      case .fault(let got), .cutOff(let got): #expect(data.starts(with: got))
      case .aborted: Issue.record("taken for an abort")
      }
    }
  }
}
