import ShmCore
import ShmStreams
import ShmTestSupport
import Testing

@Suite("loans as spans")
struct StreamSpanTests {
  @Test("records of every length arrive one by one", arguments: StreamWaiting.allCases)
  func records(_ waiting: StreamWaiting) throws {
    var pair = try StreamPair { $0.waiting = waiting }
    var total = 0
    // More than the ring holds, so that it wraps.
    for length in 0..<600 {
      let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &+ length) }
      try pair.sender.sendRecord(bytes.span)
      var received: [UInt8]?
      if let record = try pair.receiver.next() {
        received = unsafe record.bytes.withUnsafeBytes { unsafe Array($0) }
        #expect(record.span.count == length)
      }
      #expect(received == bytes)
      total += 8 + (length + 7) / 8 * 8
    }
    #expect(try pair.finish() == total)
  }

  @Test("a record that is shorter than its capacity arrives with its length")
  func output() throws {
    var pair = try StreamPair()
    for count in [0, 1, 8, 13, 4000] {
      let appended = try pair.sender.sendRecord(capacity: 5000) { output in
        for index in 0..<count { output.append(UInt8(truncatingIfNeeded: index)) }
        return output.byteCount
      }
      #expect(appended == count)
      let received = try unsafe pair.receiver.receiveRecord { unsafe Array($0) }
      #expect(received == (0..<count).map { UInt8(truncatingIfNeeded: $0) })
    }
    _ = try pair.finish()
  }

  @Test("only the written part of lent room is published, and the rest is lent again")
  func room() throws {
    var pair = try StreamPair()
    for number in UInt32(0)..<50_000 {
      var room = try pair.sender.room(atLeast: 4)
      room.storeBytes(of: number, as: UInt32.self)
      try pair.sender.publish(byteCount: 4)
      // Without publish, nothing is sent.
      room = try pair.sender.room()
      room.storeBytes(of: UInt32.max, as: UInt32.self)
      if number % 3 == 2 {
        for expected in number - 2...number {
          guard let piece = try pair.receiver.nextBytes(upTo: 4, atLeast: 4) else { return }
          let value = unsafe piece.bytes.unsafeLoadUnaligned(as: UInt32.self)
          #expect(value == expected)
        }
      }
    }
    for _ in 0..<50_000 % 3 { _ = try pair.receiver.nextBytes(upTo: 4, atLeast: 4) }
    #expect(try pair.finish() == 200_000)
  }
}
