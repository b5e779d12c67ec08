import ShmCore
import ShmStreams
import ShmTestSupport
import Testing

@Suite("errors of a stream's caller")
struct StreamMisuseTests {
  private struct OwnError: Error, Equatable { var number: Int }

  /// Runs `body`, which must throw a `ShmError` of that kind.
  private func refused(
    _ kind: ShmError.Kind = .usage, _ body: () throws -> Void,
    _ location: SourceLocation = #_sourceLocation
  ) {
    do {
      try body()
      Issue.record("no error", sourceLocation: location)
    } catch let error as ShmError {
      #expect(error.kind == kind, "\(error)", sourceLocation: location)
    } catch {
      Issue.record(error, sourceLocation: location)
    }
  }

  @Test("a record or loan that is too large is refused, and the stream stays open")
  func tooLarge() throws {
    var pair = try StreamPair()
    let largest = pair.sender.largestRecord
    #expect(largest == 65_528)
    for count in [largest + 1, 1 << 20, Int.max, Int.max - 7, -1] {
      refused { try unsafe pair.sender.sendRecord(byteCount: count) { _ in } }
      refused { try pair.sender.sendRecord(capacity: count) { _ in } }
      refused { _ = try pair.sender.waitForRoom(forRecordOf: count, timeout: .zero) }
    }
    for count in [pair.sender.largestLoan + 1, 0, -5, Int.max] {
      refused { try unsafe pair.sender.lend(atLeast: count) { _, _ in } }
      refused { _ = try pair.sender.room(atLeast: count) }
      refused { _ = try unsafe pair.receiver.borrow(atLeast: count) { _, _ in } }
      refused { _ = try pair.receiver.nextBytes(atLeast: count) }
      refused { _ = try pair.receiver.waitForBytes(atLeast: count, timeout: .zero) }
      refused { _ = try pair.receiver.prepareToWait(atLeast: count) }
    }
    refused { _ = try pair.receiver.nextBytes(upTo: 3, atLeast: 4) }
    try pair.sender.sendRecord([UInt8](repeating: 7, count: largest).span)
    var sum = 0
    if let record = try pair.receiver.next() {
      for index in record.span.indices { sum += Int(record.span[index]) }
    }
    #expect(sum == 7 * largest)
    #expect(try pair.finish() == 65_536)
  }

  @Test("a wrong number of written or consumed bytes is refused, and no byte moves")
  func wrongLength() throws {
    var pair = try StreamPair()
    for count in [-1, 65_537, Int.max] {
      refused { try unsafe pair.sender.lend { _, written in written = count } }
      refused { try pair.sender.publish(byteCount: count) }
    }
    try unsafe pair.sender.lend { room, written in
      unsafe room.storeBytes(of: 0x1234, as: UInt64.self)
      written = 8
    }
    for count in [-1, 9, Int.min] {
      refused { _ = try unsafe pair.receiver.borrow { _, consumed in consumed = count } }
    }
    let value = try unsafe pair.receiver.borrow { bytes, consumed in
      consumed = bytes.count
      return unsafe bytes.loadUnaligned(as: UInt64.self)
    }
    #expect(value == 0x1234)
    #expect(try pair.finish() == 8)
  }

  @Test("finish before the end of the stream is refused, and the receiver stays open")
  func early() throws {
    var pair = try StreamPair()
    refused { _ = try pair.receiver.finish() }
    try pair.sender.sendRecord([1, 2, 3].span)
    refused { _ = try pair.receiver.finish() }
    refused { try pair.receiver.verify() }
    let count = try unsafe pair.receiver.receiveRecord { $0.count }
    #expect(count == 3)
    #expect(try pair.finish() == 16)
  }

  @Test("calls after the end of the stream are refused")
  func late() throws {
    let pair = try StreamPair()
    let sender = Handover(pair.sender)
    var receiver = pair.receiver
    var finished: StreamSender?
    Threads.run(1) {
      guard var end = sender.take(), (try? end.finish()) != nil else { return }
      finished = consume end
    } whileWaiting: {
      // The receiver's answer lets the sender finish.
      _ = try? receiver.nextBytes()
      _ = try? receiver.finish()
    }
    guard var after = finished.take() else {
      Issue.record("the sender did not finish")
      return
    }
    refused { _ = try after.finish() }
    refused { try after.sendRecord([1].span) }
    refused { _ = try after.room() }
    refused { try after.send(from: .standardInput) }
    refused { _ = try receiver.finish() }
    refused { _ = try receiver.next() }
    refused { _ = try receiver.waitForRecord(timeout: .zero) }
    refused { try receiver.receive(to: .standardOutput) }
  }

  @Test("a call after an abort throws the error that ended the stream")
  func sticky() throws {
    var pair = try StreamPair()
    try pair.sender.sendRecord([1].span)
    pair.receiver.abort(reason: "no more space")
    refused(.aborted) { _ = try pair.receiver.next() }
    refused(.aborted) { _ = try pair.receiver.finish() }
    refused(.aborted) { _ = try pair.sender.finish() }
    for _ in 0..<3 { refused(.aborted) { try pair.sender.sendRecord([1].span) } }
    refused(.aborted) { _ = try pair.sender.room() }
  }

  @Test("a closure's own error or result reaches the caller, and the stream stays open")
  func ownErrors() throws {
    var pair = try StreamPair()
    #expect(throws: OwnError(number: 1)) {
      try unsafe pair.sender.sendRecord(byteCount: 5) { _ throws(OwnError) in
        throw OwnError(number: 1)
      }
    }
    #expect(throws: OwnError(number: 2)) {
      try pair.sender.sendRecord(capacity: 100) { output throws(OwnError) in
        output.append(9)
        throw OwnError(number: 2)
      }
    }
    #expect(throws: OwnError(number: 3)) {
      try unsafe pair.sender.lend { _, written in
        written = 4
        throw OwnError(number: 3)
      }
    }
    // Nothing was published.
    #expect(try pair.receiver.waitForRecord(timeout: .zero) == .timedOut)
    let text = try unsafe pair.sender.sendRecord(byteCount: 3) { bytes in
      unsafe bytes.copyBytes(from: [1, 2, 3])
      return "sent"
    }
    #expect(text == "sent")
    // The bytes stay unread.
    #expect(throws: OwnError(number: 4)) {
      try unsafe pair.receiver.receiveRecord { _ throws(OwnError) in throw OwnError(number: 4) }
    }
    #expect(throws: OwnError(number: 5)) {
      try unsafe pair.receiver.borrow { _, consumed in
        consumed = 8
        throw OwnError(number: 5)
      }
    }
    let bytes = try unsafe pair.receiver.receiveRecord { unsafe Array($0) }
    #expect(bytes == [1, 2, 3])
    #expect(try pair.finish() == 16)
  }

  @Test(
    "a ring of maximumRecord bytes holds the largest record",
    arguments: [0, 1, 65_528, 65_529, 100_000, 1 << 20, (1 << 22) - 8])
  func maximumRecord(_ count: Int) throws {
    var pair = try StreamPair { $0.maximumRecord = count }
    #expect(pair.sender.largestRecord >= count)
    #expect(pair.sender.largestLoan == max(65_536, (count + 15 & ~7).nextPowerOfTwo))
    for round in 0..<3 {
      try unsafe pair.sender.sendRecord(byteCount: count) { bytes in
        for index in bytes.indices {
          unsafe bytes[index] = UInt8(truncatingIfNeeded: index + round)
        }
      }
      let last = try unsafe pair.receiver.receiveRecord { unsafe ($0.count, $0.last) }
      #expect(last?.0 == count)
      #expect(last?.1 == (count == 0 ? nil : UInt8(truncatingIfNeeded: count - 1 + round)))
    }
    _ = try pair.finish()
  }

  @Test("a maximumRecord that no ring holds is refused", arguments: [-1, (1 << 30) - 7, Int.max])
  func excessiveRecord(_ count: Int) throws {
    let place = try Rendezvous(TestName("large").name)
    refused {
      _ = try StreamSender.meet(at: place, options: StreamOptions(maximumRecord: count))
    }
  }
}

extension Int {
  fileprivate var nextPowerOfTwo: Int {
    self <= 1 ? 1 : 1 << (Int.bitWidth - (self - 1).leadingZeroBitCount)
  }
}
