import ShmCore
import ShmStreams
import ShmTestSupport
import Testing

@Suite("records as an asynchronous sequence")
struct StreamRecordsTests {
  private struct OwnError: Error {}

  @Test("all records arrive in order, also after pauses of the sender")
  func order() async throws {
    let pair = try StreamPair()
    let sender = Handover(pair.sender)
    let records = StreamRecords(pair.receiver)
    async let sending = blocking {
      guard var sender = sender.take() else { throw CancellationError() }
      for number in 0..<3000 {
        if number % 500 == 0 { Waiter.pause(.milliseconds(5)) }
        let length = number % 97
        try sender.sendRecord([UInt8](repeating: UInt8(number % 251), count: length).span)
      }
      return Handover(sender)
    }
    var iterator = records.makeAsyncIterator()
    for number in 0..<3000 {
      let record = try await iterator.next()
      #expect(record == [UInt8](repeating: UInt8(number % 251), count: number % 97))
    }
    let left = try await sending
    async let finishing = blocking {
      guard var sender = left.take() else { throw CancellationError() }
      return try sender.finish().bytes
    }
    #expect(try await iterator.next() == nil)
    #expect(try await iterator.next() == nil)
    let report = try records.finish()
    #expect(try await finishing == report.bytes)
  }

  @Test("more tasks than processors wait at the same time")
  func many() async throws {
    var senders: [Handover<StreamSender>] = []
    var sums: [Task<Int, any Error>] = []
    for _ in 0..<Threads.processors * 3 + 2 {
      let pair = try StreamPair()
      senders.append(Handover(pair.sender))
      let records = StreamRecords(pair.receiver) { $0.byteCount }
      sums.append(
        Task {
          var sum = 0
          for try await count in records {
            sum += count
            if sum >= 10 { break }
          }
          return sum
        })
    }
    // The tasks above would occupy every thread of the pool if they blocked.
    try await Task.sleep(for: .milliseconds(20))
    var open: [Handover<StreamSender>] = []
    for (index, handover) in senders.enumerated() {
      guard var sender = handover.take() else { continue }
      try sender.sendRecord([UInt8](repeating: 0, count: 10 + index).span)
      open.append(Handover(sender))
    }
    for (index, sum) in sums.enumerated() { #expect(try await sum.value == 10 + index) }
    withExtendedLifetime(open) {}
  }

  @Test("a cancelled wait leaves the stream open")
  func cancellation() async throws {
    let pair = try StreamPair()
    var sender = pair.sender
    let records = StreamRecords(pair.receiver)
    for delay in [0, 1, 20] {
      let waiting = Task { () async throws -> [UInt8]? in
        var iterator = records.makeAsyncIterator()
        return try await iterator.next()
      }
      try await Task.sleep(for: .milliseconds(delay))
      waiting.cancel()
      await #expect(throws: CancellationError.self) { try await waiting.value }
    }
    try sender.sendRecord([4, 5].span)
    var iterator = records.makeAsyncIterator()
    #expect(try await iterator.next() == [4, 5])
  }

  @Test("an abort of the sender and an error of the transformation reach the task")
  func failures() async throws {
    let pair = try StreamPair()
    var sender = pair.sender
    let records = StreamRecords(pair.receiver) { bytes in
      if bytes.byteCount == 3 { throw OwnError() }
      return bytes.byteCount
    }
    for count in [1, 3, 2] { try sender.sendRecord([UInt8](repeating: 0, count: count).span) }
    var iterator = records.makeAsyncIterator()
    #expect(try await iterator.next() == 1)
    await #expect(throws: OwnError.self) { try await iterator.next() }
    #expect(try await iterator.next() == 2)
    let waiting = Task { () async throws -> Int? in
      var iterator = records.makeAsyncIterator()
      return try await iterator.next()
    }
    sender.abort(reason: "the camera is gone")
    let error = await #expect(throws: ShmError.self) { try await waiting.value }
    #expect(error?.kind == .aborted)
    #expect(throws: ShmError.self) { try records.finish() }
  }
}
