import ShmTestSupport
import Synchronization
import Testing

@testable import ShmCore
@testable import ShmStreams

@Suite("A sender that changes published records")
struct StreamHostileTests {
  /// Sends records of 8 bytes one by one, and calls `receive` for each. Meanwhile another thread changes the length in
  /// the header of the record all the time, between 8 and `other`.
  private func whileChanging(
    to other: UInt64, rounds: Int, _ receive: (inout StreamReceiver) throws -> Void
  ) throws {
    var pair = try StreamPair { $0.stallTimeout = .seconds(1) }
    let memory = try RingMemory(aliasing: pair.sender.ring.memory)
    let position = Atomic<UInt64>(0)
    let isDone = Atomic<Bool>(false)
    let starts = Handover(memory)
    let hasStarted = Atomic<Bool>(false)
    var result: Result<Void, any Error> = .success(())
    Threads.run(1) {
      guard let memory = starts.take() else { return }
      while !isDone.load(ordering: .relaxed) {
        let start = position.load(ordering: .relaxed)
        let header = unsafe SharedWord(memory.start(at: start), at: 0)
        for _ in 0..<100 {
          header.publish(other)
          header.publish(8)
        }
        hasStarted.store(true, ordering: .relaxed)
      }
    } whileWaiting: {
      guard !isDone.load(ordering: .relaxed) else { return }
      while !hasStarted.load(ordering: .relaxed) { Waiter.pause(.milliseconds(1)) }
      result = Result {
        for _ in 0..<rounds {
          position.store(pair.sender.ring.position, ordering: .relaxed)
          try pair.sender.sendRecord([UInt8](repeating: 1, count: 8).span)
          try receive(&pair.receiver)
        }
      }
      isDone.store(true, ordering: .relaxed)
    }
    try result.get()
  }

  @Test("tryNext does not wait for a record that was complete before")
  func tryNext() throws {
    try whileChanging(to: 1000, rounds: 2000) { receiver in
      while true {
        if case .record(let record) = try receiver.tryNext() {
          #expect(record.bytes.byteCount == 8)
          return
        }
      }
    }
  }

  @Test("a batch is empty only at the end of the stream")
  func batch() throws {
    for _ in 0..<50 {
      do {
        try whileChanging(to: 1 << 40, rounds: 20) { receiver in
          var lengths: [Int] = []
          let count = try receiver.receiveRecords { lengths.append($0.byteCount) }
          #expect(count == 1 && lengths == [8])
        }
      } catch let error as ShmError where error.kind == .damaged {
        // The length was invalid when it was loaded.
      }
    }
  }
}
