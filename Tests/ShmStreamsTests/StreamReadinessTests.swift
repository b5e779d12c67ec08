import ShmStreams
import ShmTestSupport
import Testing

@testable import ShmCore

@Suite("calls of a stream that do not wait")
struct StreamReadinessTests {
  /// The result of a call that does not wait.
  private enum Found: Equatable {
    case record(Int)
    case nothing
    case end
  }

  private func take(_ receiver: inout StreamReceiver) throws(ShmError) -> Found {
    switch try receiver.tryNext() {
    case .record(let record): .record(record.bytes.byteCount)
    case .nothing: .nothing
    case .end: .end
    }
  }

  /// Whether the descriptor is readable now.
  private func isReady(_ descriptor: FileDescriptor?) throws -> Bool {
    try Waiter.wait(for: [try #require(descriptor).rawValue], timeout: .zero) == [true]
  }

  @Test("tryNext returns available records, and nothing before a record is complete")
  func tryNext() throws {
    var pair = try StreamPair()
    #expect(try take(&pair.receiver) == .nothing)
    try pair.sender.sendRecord([1, 2, 3].span)
    try pair.sender.sendRecord([UInt8]().span)
    #expect(try take(&pair.receiver) == .record(3))
    #expect(try take(&pair.receiver) == .record(0))
    #expect(try take(&pair.receiver) == .nothing)
    // A header of 8 bytes and half of the record.
    try unsafe pair.sender.lend { room, written in
      unsafe room.storeBytes(of: 16, as: UInt64.self)
      written = 16
    }
    for _ in 0..<3 { #expect(try take(&pair.receiver) == .nothing) }
    try unsafe pair.sender.lend { _, written in written = 8 }
    #expect(try take(&pair.receiver) == .record(16))
    _ = try pair.finish()
  }

  @Test("trySendRecord fills the ring, and sends again after a record was consumed")
  func trySend() throws {
    var pair = try StreamPair()
    let record = [UInt8](repeating: 1, count: 10_000)
    var sent = 0
    while try pair.sender.trySendRecord(record.span) { sent += 1 }
    #expect(sent == 6)
    for _ in 0..<3 { #expect(try !pair.sender.trySendRecord(record.span)) }
    #expect(try take(&pair.receiver) == .record(10_000))
    // The loan is released by the next call.
    #expect(try take(&pair.receiver) == .record(10_000))
    #expect(try pair.sender.trySendRecord(record.span))
    for _ in 0..<5 { #expect(try take(&pair.receiver) == .record(10_000)) }
    #expect(try pair.finish() == 7 * 10_008)
  }

  @Test(
    "a wait whose time limit expires leaves the stream open",
    arguments: StreamWaiting.allCases, [Duration.zero, .milliseconds(30)])
  func limited(_ waiting: StreamWaiting, _ timeout: Duration) throws {
    // A stall timeout that is shorter than the wait does not apply.
    var pair = try StreamPair {
      $0.waiting = waiting
      $0.stallTimeout = .milliseconds(5)
    }
    let start = ContinuousClock.now
    #expect(try pair.receiver.waitForRecord(timeout: timeout) == .timedOut)
    #expect(try pair.receiver.waitForBytes(timeout: timeout) == .timedOut)
    #expect(ContinuousClock.now - start >= timeout * 2)
    let size = pair.sender.largestRecord
    try pair.sender.sendRecord([UInt8](repeating: 3, count: size).span)
    #expect(try !pair.sender.waitForRoom(atLeast: 1, timeout: timeout))
    #expect(try !pair.sender.waitForRoom(forRecordOf: 9, timeout: timeout))
    #expect(try pair.receiver.waitForRecord(timeout: timeout) == .ready)
    #expect(try pair.receiver.waitForBytes(atLeast: 65_536, timeout: timeout) == .ready)
    #expect(try take(&pair.receiver) == .record(size))
    #expect(try pair.receiver.waitForRecord(timeout: timeout) == .timedOut)
    #expect(try pair.sender.waitForRoom(atLeast: 65_536, timeout: timeout))
  }

  @Test("a receiver's descriptor becomes readable for bytes, and again for later bytes")
  func receiverDescriptor() throws {
    var pair = try StreamPair()
    var first: FileDescriptor?
    for round in 0..<5 {
      let descriptor = try pair.receiver.prepareToWait()
      if round == 0 { first = descriptor }
      #expect(descriptor == first)
      #expect(try !isReady(descriptor))
      try pair.sender.sendRecord([UInt8](repeating: 0, count: round).span)
      #expect(try isReady(descriptor))
      // There is no need to wait for a record that is available.
      #expect(try pair.receiver.prepareToWait() == nil)
      #expect(try take(&pair.receiver) == .record(round))
      #expect(try take(&pair.receiver) == .nothing)
    }
    let descriptor = try pair.receiver.prepareToWait()
    pair.sender.abort(reason: "no more input")
    #expect(try isReady(descriptor))
    #expect(throws: ShmError.self) { try take(&pair.receiver) }
    #expect(throws: ShmError.self) { try pair.receiver.prepareToWait() }
  }

  @Test("a sender's descriptor becomes readable when the receiver has consumed a quarter")
  func senderDescriptor() throws {
    var pair = try StreamPair()
    #expect(try pair.sender.prepareToWait(forRecordOf: 100) == nil)
    let record = [UInt8](repeating: 0, count: 8184)
    for round in 0..<4 {
      while try pair.sender.trySendRecord(record.span) {}
      let descriptor = try pair.sender.prepareToWait(forRecordOf: record.count)
      #expect(try !isReady(descriptor), "round \(round)")
      for _ in 0..<4 { #expect(try take(&pair.receiver) == .record(record.count)) }
      #expect(try isReady(descriptor), "round \(round)")
      #expect(try pair.sender.prepareToWait(forRecordOf: record.count) == nil)
    }
    while try pair.sender.trySendRecord(record.span) {}
    let descriptor = try pair.sender.prepareToWait(forRecordOf: record.count)
    pair.receiver.abort(reason: "the disk is full")
    #expect(try isReady(descriptor))
    #expect(throws: ShmError.self) { try pair.sender.trySendRecord(record.span) }
  }

  @Test("calls that do not wait report a peer that has died")
  func died() throws {
    let pair = try StreamPair()
    let sender = Handover(pair.sender)
    var receiver = pair.receiver
    #expect(try take(&receiver) == .nothing)
    let descriptor = try receiver.prepareToWait()
    drop(sender.take())
    #expect(try isReady(descriptor))
    let error = #expect(throws: ShmError.self) { try take(&receiver) }
    #expect(error?.kind == .peerDied)
    let other = try StreamPair()
    let lost = Handover(other.receiver)
    var left = other.sender
    drop(lost.take())
    let second = #expect(throws: ShmError.self) {
      while try left.trySendRecord([1].span) {}
    }
    #expect(second?.kind == .peerDied)
  }

  private func drop(_ end: consuming (some ~Copyable)?) {}
}
