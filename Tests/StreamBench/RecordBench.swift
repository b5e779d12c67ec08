import ShmCore
import ShmStreams

/// What records of the library cost, one at a time and in batches.
struct RecordBench {
  let name: String
  let options: StreamOptions
  /// The bytes of a record, a multiple of 8.
  let size: Int
  let isBatched: Bool

  init(_ name: String, _ options: StreamOptions, _ words: ArraySlice<String>) throws {
    guard let size = words.first.flatMap({ Int($0) }), size > 0, size % 8 == 0,
      let form = words.last, ["single", "batched"].contains(form)
    else { throw ShmError(.usage, "cannot measure", "SIZE and single or batched are needed") }
    self.name = name
    self.options = options
    self.size = size
    isBatched = form == "batched"
  }

  /// Sends `count` records, and prints nanoseconds for each.
  func put(_ count: Int) throws {
    var sender = try StreamSender.meet(at: try Rendezvous(name), options: options)
    let words = (0..<size / 8).map { UInt64($0 + 1) }
    let start = StreamBench.nanoseconds
    if isBatched {
      for _ in 0..<count { try unsafe sender.appendRecord(words.span.bytes) }
    } else {
      for _ in 0..<count { try unsafe sender.sendRecord(words.span.bytes) }
    }
    _ = try sender.finish()
    print(Double(StreamBench.nanoseconds - start) / Double(count))
  }

  /// Reads every word of every record.
  func take() throws {
    var receiver = try StreamReceiver.meet(at: try Rendezvous(name), options: options)
    var sum: UInt64 = 0
    if isBatched {
      while try receiver.receiveRecords({ (bytes) throws(ShmError) in
        unsafe bytes.withUnsafeBytes { unsafe sum &+= Self.sum($0) }
      }) > 0 {}
    } else {
      while try unsafe receiver.receiveRecord({ (bytes) throws(ShmError) in
        unsafe sum &+= Self.sum(bytes)
      }) != nil {}
    }
    _ = try receiver.finish()
    if sum == 0 { throw ShmError(.damaged, "cannot measure", "nothing came") }
  }

  /// Sends a record, and waits for the answer, `count` times after a tenth as many to warm up. Prints nanoseconds a
  /// round.
  func ask(_ count: Int) throws {
    var sender = try StreamSender.meet(at: try Rendezvous(name + ".there"), options: options)
    var receiver = try StreamReceiver.meet(at: try Rendezvous(name + ".back"), options: options)
    var words = [UInt64](repeating: 0, count: size / 8)
    var start = StreamBench.nanoseconds
    for round in 0..<count + count / 10 {
      if round == count / 10 { start = StreamBench.nanoseconds }
      words[0] = UInt64(round)
      try unsafe sender.sendRecord(words.span.bytes)
      let back = try unsafe receiver.receiveRecord { (bytes) throws(ShmError) in
        unsafe bytes.loadUnaligned(as: UInt64.self)
      }
      if back != UInt64(round) { throw ShmError(.damaged, "cannot measure", "another came back") }
    }
    print((StreamBench.nanoseconds - start) / count)
    _ = try sender.finish()
    _ = try receiver.next()
    _ = try receiver.finish()
  }

  /// Sends each record back.
  func answer() throws {
    var receiver = try StreamReceiver.meet(at: try Rendezvous(name + ".there"), options: options)
    var sender = try StreamSender.meet(at: try Rendezvous(name + ".back"), options: options)
    while let record = try receiver.next() { try sender.sendRecord(record.bytes) }
    _ = try receiver.finish()
    _ = try sender.finish()
  }

  private static func sum(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    let words = unsafe bytes.bindMemory(to: UInt64.self)
    var sum: UInt64 = 0
    for index in words.indices { unsafe sum &+= words[index] }
    return sum
  }
}
