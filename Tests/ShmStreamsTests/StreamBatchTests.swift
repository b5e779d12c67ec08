import ShmTestSupport
import Synchronization
import SystemPackage
import Testing

@testable import ShmCore
@testable import ShmStreams

@Suite("Batches of records")
struct StreamBatchTests {
  /// The bytes of record `index` of a stream, which differ from those of its neighbours.
  private static func record(_ index: Int, _ length: Int) -> [UInt8] {
    (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ index &* 31 &+ length) }
  }

  /// Sends with one end while another thread receives, and finishes both.
  ///
  /// - Returns: the errors of both ends.
  private func transfer(
    _ pair: consuming StreamPair,
    send: @escaping @Sendable (inout StreamSender) throws(ShmError) -> Void,
    receive: @escaping @Sendable (inout StreamReceiver) throws(ShmError) -> Void
  ) -> [ShmError] {
    let sender = Handover(pair.sender)
    let receiver = Handover(pair.receiver)
    let errors = Mutex<[ShmError]>([])
    let next = Atomic<Int>(0)
    Threads.run(2) {
      do throws(ShmError) {
        if next.wrappingAdd(1, ordering: .relaxed).oldValue == 0 {
          guard var sender = sender.take() else { return }
          try send(&sender)
          _ = try sender.finish()
        } else {
          guard var receiver = receiver.take() else { return }
          try receive(&receiver)
          _ = try receiver.finish()
        }
      } catch {
        errors.withLock { $0.append(error) }
      }
    } whileWaiting: {
    }
    return errors.withLock { $0 }
  }

  /// Receives all records, and compares them with `records`. The batches have random sizes.
  private static func check(
    _ receiver: inout StreamReceiver, _ records: [Int], seed: UInt64, isSlow: Bool = false
  ) throws(ShmError) {
    var generator = SeededGenerator(seed: seed)
    var count = 0
    while true {
      let most = Int(generator.next() % 40) + 1
      let received = try receiver.receiveRecords(max: most) { bytes throws(ShmError) in
        guard count < records.count else {
          throw ShmError(.damaged, "record \(count)", "is too many")
        }
        let expected = Self.record(count, records[count])
        let isEqual = unsafe bytes.withUnsafeBytes { unsafe $0.elementsEqual(expected) }
        if !isEqual { throw ShmError(.damaged, "record \(count)", "of \(bytes.byteCount) bytes") }
        count += 1
      }
      if received > most { throw ShmError(.damaged, "a batch", "of \(received) records") }
      if received == 0 { break }
      if isSlow { Waiter.pause(.milliseconds(1)) }
    }
    if count != records.count { throw ShmError(.damaged, "the stream", "has \(count) records") }
  }

  @Test(
    "records of random sizes in random batches arrive complete and in order",
    arguments: StreamWaiting.allCases, [false, true])
  func random(_ waiting: StreamWaiting, _ hasChecksum: Bool) throws {
    var generator = SeededGenerator(seed: 0xBA7C)
    var sizes: [Int] = []
    for _ in 0..<3000 {
      sizes.append(Int(generator.next() % (generator.next() % 10 == 0 ? 5000 : 100)))
    }
    let lengths = sizes
    let pair = try StreamPair {
      $0.waiting = waiting
      $0.hasChecksum = hasChecksum
    }
    let errors = transfer(pair) { (sender) throws(ShmError) in
      var generator = SeededGenerator(seed: 1)
      for (index, length) in lengths.enumerated() {
        let bytes = Self.record(index, length)
        switch generator.next() % 4 {
        case 0: try sender.sendRecord(bytes.span)
        case 1:
          try sender.appendRecord(capacity: length + 9) { (output) throws(ShmError) in
            for byte in bytes { output.append(byte) }
          }
        default: try sender.appendRecord(bytes.span)
        }
        if generator.next() % 50 == 0 { sender.flush() }
      }
    } receive: { (receiver) throws(ShmError) in
      try Self.check(&receiver, lengths, seed: 2)
    }
    #expect(errors.isEmpty, "\(errors)")
  }

  @Test("a batch that is larger than the ring reaches a slow receiver without flush")
  func larger() throws {
    let lengths = (0..<400).map { $0 % 7 == 0 ? 65_528 - $0 : $0 % 300 }
    let errors = transfer(try StreamPair()) { (sender) throws(ShmError) in
      for (index, length) in lengths.enumerated() {
        try sender.appendRecord(Self.record(index, length).span)
      }
    } receive: { (receiver) throws(ShmError) in
      try Self.check(&receiver, lengths, seed: 3, isSlow: true)
    }
    #expect(errors.isEmpty, "\(errors)")
  }

  @Test("appended records become visible with flush, and all at once")
  func visible() throws {
    var pair = try StreamPair()
    pair.sender.flush()
    for index in 0..<20 { try pair.sender.appendRecord(Self.record(index, index).span) }
    #expect(try pair.receiver.waitForRecord(timeout: .zero) == .timedOut)
    pair.sender.flush()
    pair.sender.flush()
    #expect(try pair.taken() == (0..<20).map { Self.record($0, $0) })
    #expect(try pair.receiver.waitForRecord(timeout: .zero) == .timedOut)
    // A record that is sent publishes those before it.
    try pair.sender.appendRecord([1].span)
    try pair.sender.sendRecord([2].span)
    #expect(try pair.taken() == [[1], [2]])
    // So do loans of bytes, here the header of a record of 0 bytes.
    try pair.sender.appendRecord([3].span)
    var room = try pair.sender.room(atLeast: 8)
    room.storeBytes(of: 0, as: UInt64.self)
    try pair.sender.publish(byteCount: 8)
    try pair.sender.appendRecord([4].span)
    try unsafe pair.sender.lend(atLeast: 8) { room, written in
      unsafe room.storeBytes(of: 0, as: UInt64.self)
      written = 8
    }
    #expect(try pair.taken() == [[3], [], [4], []])
    _ = try pair.finish()
  }

  @Test("records of 16 KiB are published without flush")
  func limit() throws {
    var pair = try StreamPair()
    let bytes = [UInt8](repeating: 5, count: 1016)
    for _ in 0..<15 { try pair.sender.appendRecord(bytes.span) }
    #expect(try pair.taken().isEmpty)
    try pair.sender.appendRecord(bytes.span)
    #expect(try pair.taken().count == 16)
    // A single large record as well.
    try pair.sender.appendRecord([UInt8](repeating: 6, count: 16_384).span)
    #expect(try pair.taken().count == 1)
    _ = try pair.finish()
  }

  @Test("appended records are published before each wait of the sender")
  func wait() throws {
    var pair = try StreamPair()
    // An event loop that waits for the room of the largest record.
    try pair.sender.appendRecord([1].span)
    let most = pair.sender.largestRecord
    #expect(try pair.sender.prepareToWait(forRecordOf: most) != nil)
    #expect(try pair.taken() == [[1]])
    // Waits with a time limit.
    try pair.sender.appendRecord([2].span)
    #expect(try !pair.sender.waitForRoom(atLeast: pair.sender.largestLoan, timeout: .zero))
    #expect(try pair.taken() == [[2]])
    try pair.sender.appendRecord([3].span)
    #expect(try !pair.sender.waitForRoom(forRecordOf: most, timeout: .milliseconds(1)))
    #expect(try pair.taken() == [[3]])
    try pair.sender.appendRecord([4].span)
    #expect(try !pair.sender.trySendRecord([UInt8](repeating: 0, count: most).span))
    #expect(try pair.taken() == [[4]])
    // A wait for the end of a command, and a source of bytes.
    let (reader, writer) = try FileDescriptor.pipe()
    try writer.close()
    try pair.sender.appendRecord([5].span)
    try pair.sender.wait(for: reader)
    #expect(try pair.taken() == [[5]])
    try pair.sender.appendRecord([6].span)
    try pair.sender.send(from: reader)
    #expect(try pair.taken() == [[6]])
    try reader.close()
    _ = try pair.finish()
  }

  @Test(
    "no deadlock if the receiver waits for a record that is not flushed", .timeLimit(.minutes(1)))
  func deadlock() throws {
    let errors = transfer(try StreamPair()) { (sender) throws(ShmError) in
      for index in 0..<200 {
        try sender.appendRecord(Self.record(index, 24).span)
        // Only the receiver of this record makes the ring empty.
        _ = try sender.waitForRoom(atLeast: sender.largestLoan, timeout: .seconds(20))
      }
      let empty: [UInt8] = []
      try sender.appendRecord(empty.span)
    } receive: { (receiver) throws(ShmError) in
      try Self.check(&receiver, [Int](repeating: 24, count: 200) + [0], seed: 4)
    }
    #expect(errors.isEmpty, "\(errors)")
  }
}
