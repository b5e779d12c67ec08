import ShmTestSupport
import Testing

@testable import ShmCore
@testable import ShmStreams

@Suite("Batches of records, after errors")
struct StreamBatchErrorTests {
  private struct OwnError: Error, Equatable { var number: Int }

  @Test("unpublished records are discarded by an abort, and by a sender that ends without finish")
  func discarded() throws {
    var pair = try StreamPair()
    try pair.sender.sendRecord([1].span)
    try pair.sender.appendRecord([2].span)
    pair.sender.abort(reason: "enough")
    pair.sender.flush()
    #expect(throws: ShmError.self) { try pair.sender.appendRecord([3].span) }
    #expect(try pair.receiver.receiveRecords { _ in } == 1)
    #expect(error(.aborted) { _ = try pair.receiver.receiveRecords { _ in } } != nil)
    let other = try StreamPair()
    var receiver = other.receiver
    do {
      var sender = other.sender
      try sender.sendRecord([1].span)
      try sender.appendRecord([2].span)
    }
    #expect(try receiver.receiveRecords { _ in } == 1)
    #expect(error(.peerDied) { _ = try receiver.receiveRecords { _ in } } != nil)
  }

  @Test("a record that is too large, or whose closure throws, leaves the batch as it is")
  func misuse() throws {
    var pair = try StreamPair()
    let largest = pair.sender.largestRecord
    try pair.sender.appendRecord([1].span)
    for capacity in [largest + 1, Int.max, -1] {
      #expect(
        error(.usage) {
          try pair.sender.appendRecord(capacity: capacity) { (_) throws(ShmError) in }
        } != nil)
    }
    #expect(
      error(.usage) {
        try pair.sender.appendRecord([UInt8](repeating: 0, count: largest + 1).span)
      } != nil)
    #expect(throws: OwnError(number: 3)) {
      try pair.sender.appendRecord(capacity: 8) { output throws(OwnError) in
        output.append(9)
        throw OwnError(number: 3)
      }
    }
    #expect(try pair.receiver.waitForRecord(timeout: .zero) == .timedOut)
    try pair.sender.appendRecord([2].span)
    pair.sender.flush()
    for most in [0, -1, Int.min] {
      #expect(error(.usage) { _ = try pair.receiver.receiveRecords(max: most) { _ in } } != nil)
    }
    #expect(try pair.taken() == [[1], [2]])
    #expect(try pair.finish() == 32)
  }

  @Test("records before an error of the closure are consumed, and the others stay unread")
  func failing() throws {
    var pair = try StreamPair()
    for index in UInt8(0)..<10 { try pair.sender.appendRecord([index].span) }
    pair.sender.flush()
    for failing in UInt8(0)..<10 {
      var seen: [UInt8] = []
      #expect(throws: OwnError(number: Int(failing))) {
        _ = try pair.receiver.receiveRecords { bytes throws(OwnError) in
          let value = unsafe bytes.unsafeLoad(as: UInt8.self)
          seen.append(value)
          if value == failing { throw OwnError(number: Int(value)) }
        }
      }
      #expect(seen == (failing == 0 ? [0] : [failing - 1, failing]))
    }
    #expect(try pair.receiver.receiveRecords(max: 1) { _ in } == 1)
    _ = try pair.finish()
  }

  @Test("a batch contains no incomplete record, and an invalid record is an error of the next call")
  func invalid() throws {
    var pair = try StreamPair()
    func put(_ words: [UInt64]) throws {
      try unsafe pair.sender.lend(atLeast: words.count * 8) { room, written in
        for (index, word) in words.enumerated() {
          unsafe room.storeBytes(of: word, toByteOffset: index * 8, as: UInt64.self)
        }
        written = words.count * 8
      }
    }
    // Two records, and half of a third one.
    try put([8, 1, 0, 16, 2])
    #expect(try pair.receiver.receiveRecords { _ in } == 2)
    #expect(try pair.receiver.waitForRecord(timeout: .zero) == .timedOut)
    try put([3])
    #expect(try pair.receiver.receiveRecords { _ in } == 1)
    // Lengths that exceed the ring, the address space and a signed integer.
    try put([0, 65_529])
    #expect(try pair.receiver.receiveRecords { _ in } == 1)
    #expect(error(.damaged) { _ = try pair.receiver.receiveRecords { _ in } } != nil)
    for length in [UInt64.max, 1 << 63, UInt64(Int.max), UInt64(Int.max) - 14] {
      var other = try StreamPair()
      try unsafe other.sender.lend(atLeast: 16) { room, written in
        unsafe room.storeBytes(of: 0, as: UInt64.self)
        unsafe room.storeBytes(of: length, toByteOffset: 8, as: UInt64.self)
        written = 16
      }
      #expect(try other.receiver.receiveRecords { _ in } == 1)
      #expect(error(.damaged) { _ = try other.receiver.receiveRecords { _ in } } != nil)
    }
  }
}
