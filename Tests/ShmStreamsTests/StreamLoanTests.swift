import ShmTestSupport
import Synchronization
import SystemPackage
import Testing

@testable import ShmCore
@testable import ShmStreams

@Suite("Loans of a stream")
struct StreamLoanTests {
  /// Runs both ends as threads, in a directory of this test. Receivers wait like the sender unless given otherwise.
  private func run(
    _ waiting: StreamWaiting, _ receiversWaiting: StreamWaiting? = nil, receivers: Int = 1,
    send: @escaping @Sendable (inout StreamSender) throws(ShmError) -> Void,
    receive: @escaping @Sendable (inout StreamReceiver) throws(ShmError) -> Void
  ) throws -> [ShmError] {
    let name = TestName("loan").name
    var options = StreamOptions()
    options.capacity = 64 << 10
    options.waiting = waiting
    options.receivers = receivers
    options.meetingTimeout = .seconds(20)
    options.stallTimeout = .seconds(20)
    let settings = options
    options.waiting = receiversWaiting ?? waiting
    let theirs = options
    let errors = Mutex<[ShmError]>([])
    // Threads, not tasks: each of them waits.
    let next = Atomic<Int>(0)
    Threads.run(receivers + 1) {
      let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
      do throws(ShmError) {
        let place = try Rendezvous(name)
        if index == 0 {
          var sender = try StreamSender.meet(at: place, options: settings)
          try send(&sender)
          _ = try sender.finish()
        } else {
          var receiver = try StreamReceiver.meet(at: place, options: theirs)
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

  /// Bytes that depend on their position in the stream.
  private static func fill(_ space: UnsafeMutableRawBufferPointer, _ count: Int, from start: Int) {
    for index in 0..<count {
      unsafe space[index] = UInt8(truncatingIfNeeded: (start + index) / 3)
    }
  }

  private static func check(
    _ bytes: UnsafeRawBufferPointer, _ count: Int, from start: Int
  ) throws(ShmError) {
    for index in 0..<count
    where unsafe bytes[index] != UInt8(truncatingIfNeeded: (start + index) / 3) {
      throw ShmError(.damaged, "byte \(start + index)", "is another")
    }
  }

  @Test(
    "records of every length are lent complete and in order to every receiver",
    arguments: StreamWaiting.allCases, [1, 3])
  func records(_ waiting: StreamWaiting, _ receivers: Int) throws {
    let lengths = [0, 1, 7, 8, 9, 4095, 4096, 4097, 30_000, 65_528, 1, 65_527, 0]
    let errors = try run(waiting, receivers: receivers) { (sender) throws(ShmError) in
      for round in 0..<20 {
        for length in lengths {
          try unsafe sender.sendRecord(byteCount: length) { (bytes) throws(ShmError) in
            for index in 0..<length {
              unsafe bytes[index] = UInt8(truncatingIfNeeded: index + length + round)
            }
          }
        }
      }
    } receive: { (receiver) throws(ShmError) in
      var count = 0
      var more = true
      while more {
        let record: Void? = try unsafe receiver.receiveRecord { (bytes) throws(ShmError) in
          let length = lengths[count % lengths.count]
          let round = count / lengths.count
          var isRight = bytes.count == length
          // A plain loop: ThreadSanitizer makes of allSatisfy a matter of minutes.
          var index = 0
          while isRight, index < length {
            isRight = unsafe bytes[index] == UInt8(truncatingIfNeeded: index + length + round)
            index += 1
          }
          if !isRight { throw ShmError(.damaged, "record \(count)", "of \(bytes.count) bytes") }
          count += 1
        }
        more = record != nil
      }
      if count != 20 * lengths.count { throw ShmError(.damaged, "records", "\(count)") }
    }
    #expect(errors.isEmpty, "\(errors)")
  }

  @Test(
    "plain bytes are lent in order, with any sizes of the pieces", arguments: StreamWaiting.allCases
  )
  func bytes(_ waiting: StreamWaiting) throws {
    let total = 1_000_003
    let errors = try run(waiting) { (sender) throws(ShmError) in
      var done = 0
      while done < total {
        try unsafe sender.lend { (space, count) throws(ShmError) in
          count = min(space.count, total - done, 10_007)
          unsafe Self.fill(space, count, from: done)
          done += count
        }
      }
    } receive: { (receiver) throws(ShmError) in
      var done = 0
      var more = true
      while more {
        let piece: Void? = try unsafe receiver.borrow { (bytes, count) throws(ShmError) in
          count = min(bytes.count, 7_001)
          try unsafe Self.check(bytes, count, from: done)
          done += count
        }
        more = piece != nil
      }
      if done != total { throw ShmError(.damaged, "bytes", "\(done)") }
    }
    #expect(errors.isEmpty, "\(errors)")
  }

  @Test(
    "loans continue if a receiver needs nearly all of the ring and consumes little of it",
    arguments: StreamWaiting.allCases, [1, 2])
  func window(_ waiting: StreamWaiting, _ receivers: Int) throws {
    let total = 300_000
    let errors = try run(waiting, receivers: receivers) { (sender) throws(ShmError) in
      for _ in 0..<total / 1000 {
        try unsafe sender.lend(atLeast: 1000) { (_, count) throws(ShmError) in count = 1000 }
      }
    } receive: { (receiver) throws(ShmError) in
      var done = 0
      while let count = try unsafe receiver.borrow(
        atLeast: 60_000,
        { (bytes, count) throws(ShmError) in
          count = min(bytes.count, 1000)
          return count
        })
      {
        done += count
      }
      if done != total { throw ShmError(.damaged, "bytes", "\(done)") }
    }
    #expect(errors.isEmpty, "\(errors)")
  }

  @Test(
    "every byte is lent, with each kind of waiting and with random amounts",
    arguments: StreamWaiting.allCases, StreamWaiting.allCases)
  func mixed(_ sender: StreamWaiting, _ receivers: StreamWaiting) throws {
    let total = 2_000_000
    // Together less than the capacity: otherwise each may need what only the other can give.
    let (most, mostBack) = (3_000, 62_000)
    let errors = try run(sender, receivers, receivers: 2) { (sender) throws(ShmError) in
      var numbers = SeededGenerator(seed: 5)
      var done = 0
      while done < total {
        let asked = Int.random(in: 1...most, using: &numbers)
        let wanted = min(Int.random(in: 1...asked, using: &numbers), total - done)
        try unsafe sender.lend(atLeast: asked) { (space, count) throws(ShmError) in
          unsafe Self.fill(space, wanted, from: done)
          count = wanted
        }
        done += wanted
      }
    } receive: { (receiver) throws(ShmError) in
      var numbers = SeededGenerator(seed: 6)
      var done = 0
      var more = true
      while more {
        let asked = Int.random(in: 1...mostBack, using: &numbers)
        let wanted = Int.random(in: 1...asked, using: &numbers)
        let piece: Void? = try unsafe receiver.borrow(atLeast: asked) {
          (bytes, count) throws(ShmError) in
          count = min(bytes.count, wanted)
          try unsafe Self.check(bytes, count, from: done)
          done += count
        }
        more = piece != nil
      }
      if done != total { throw ShmError(.damaged, "bytes", "\(done)") }
    }
    #expect(errors.isEmpty, "\(errors)")
  }

  @Test("bytes that are not a valid record abort the stream", arguments: [100, UInt64.max, 65_529])
  func invalidRecord(_ length: UInt64) throws {
    let errors = try run(.sleeping) { (sender) throws(ShmError) in
      try unsafe sender.lend { (space, count) throws(ShmError) in
        unsafe space.storeBytes(of: length, as: UInt64.self)
        count = 50
      }
    } receive: { (receiver) throws(ShmError) in
      _ = try unsafe receiver.receiveRecord { (_) throws(ShmError) in }
    }
    #expect(Set(errors.map(\.kind)) == [.damaged, .aborted], "\(errors)")
  }
}
