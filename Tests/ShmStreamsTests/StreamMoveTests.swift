import ShmCore
import ShmStreams
import ShmTestSupport
import Testing

@Suite("ends of a stream in tasks")
struct StreamMoveTests {
  @Test("each end can move to another task, and from there to a third task")
  func move() async throws {
    let pair = try StreamPair()
    let (sender, receiver) = (Handover(pair.sender), Handover(pair.receiver))
    let moved = try await Task {
      guard var sender = sender.take() else { throw CancellationError() }
      for number in UInt8(0)..<200 { try sender.sendRecord([number, number].span) }
      return Handover(sender)
    }.value
    let sent = try await Task.detached {
      guard var sender = moved.take() else { throw CancellationError() }
      try sender.sendRecord([100, 0].span)
      return Handover(sender)
    }.value
    let read = try await Task.detached {
      guard var receiver = receiver.take() else { throw CancellationError() }
      var sum = 0
      while case .record(let record) = try receiver.tryNext() {
        sum += Int(record.span[0]) + Int(record.span[1])
      }
      return (sum: sum, receiver: Handover(receiver))
    }.value
    #expect(read.sum == 2 * 199 * 200 / 2 + 100)
    // Each end waits for the other one.
    async let bytes = blocking {
      guard var sender = sent.take() else { throw CancellationError() }
      return try sender.finish().bytes
    }
    let isEnd = try await blocking {
      guard var receiver = read.receiver.take() else { throw CancellationError() }
      if try receiver.next() != nil { return false }
      _ = try receiver.finish()
      return true
    }
    #expect(isEnd)
    #expect(try await bytes == 201 * 16)
  }

  @Test("the public types of streams are Sendable")
  func sendable() {
    func check<Value: Sendable & ~Copyable>(_: Value.Type) {}
    check(StreamSender.self)
    check(StreamReceiver.self)
    check(FramedInput.self)
    check(StreamOptions.self)
    check(StreamReport.self)
    check(Rendezvous.self)
    check(StreamInventory.self)
    check(StreamReadiness.self)
  }
}
