import ShmCore
import ShmStreams
import ShmTestSupport

/// A stream of records, and the bytes that it must contain. Each step is a random call of one end. The step throws if
/// the call has another result than in the model.
struct StreamModel: ~Copyable {
  private struct OwnError: Error {}

  private var pair: StreamPair
  private var generator: SeededGenerator
  /// The records that were appended, as they lie in the ring, and that the receiver has not released.
  private var records: [[UInt8]] = []
  /// How many of the records the receiver can see.
  private var visible = 0
  /// The records that the receiver holds.
  private var held = 0
  private var total = 0

  init(seed: UInt64, _ configure: (inout StreamOptions) -> Void) throws {
    pair = try StreamPair(configure)
    generator = SeededGenerator(seed: seed)
  }

  private var room: Int { (64 << 10) - records.reduce(0) { $0 + $1.count } }
  private var unpublished: Int { records[visible...].reduce(0) { $0 + $1.count } }

  private mutating func number(_ limit: Int) -> Int { Int(generator.next() % UInt64(limit)) }

  private static func demand(_ condition: Bool, _ text: String) throws {
    if !condition { throw ShmError(.defect, "the model differs", text) }
  }

  mutating func step() throws {
    if number(2) == 0 { try send() } else { try receive() }
  }

  consuming func finish() throws {
    while !records.isEmpty {
      if visible == 0 { flush() }
      try batch(.max, failingAt: nil)
    }
    let bytes = total
    let reported = try pair.finish()
    if reported != bytes { throw ShmError(.defect, "the model differs", "\(reported) \(bytes)") }
  }
}

extension StreamModel {
  /// A record of a random length: mostly small, now and then near the limits of a batch and of the ring.
  private mutating func record() -> [UInt8] {
    let length =
      switch number(40) {
      case 0: 65_528 - number(2) * number(20)
      case 1...2: 16_360 + number(40)
      case 3...8: number(5000)
      case 9...15: number(500)
      default: number(34)
      }
    let first = number(256)
    return (0..<length).map { UInt8(truncatingIfNeeded: first &+ $0 &* 5) }
  }

  private static func encoded(_ bytes: [UInt8]) -> [UInt8] {
    let length = (0..<8).map { UInt8(truncatingIfNeeded: bytes.count >> (8 * $0)) }
    return length + bytes + [UInt8](repeating: 0, count: -bytes.count & 7)
  }

  private mutating func append(_ bytes: [UInt8], publishes: Bool) {
    records.append(Self.encoded(bytes))
    total += records.last?.count ?? 0
    if publishes || unpublished >= 16 << 10 { visible = records.count }
  }

  private mutating func flush() {
    pair.sender.flush()
    visible = records.count
  }

  private mutating func send() throws {
    let bytes = record()
    let size = Self.encoded(bytes).count
    let fits = size <= room
    // Waits with a time limit publish what was appended if there is too little room.
    switch number(16) {
    case 0:
      try Self.demand(pair.sender.trySendRecord(bytes.span) == fits, "trySendRecord of \(size)")
      if fits { append(bytes, publishes: true) } else { visible = records.count }
    case 1:
      let isReady = try pair.sender.waitForRoom(forRecordOf: bytes.count, timeout: .zero)
      try Self.demand(isReady == fits, "waitForRoom of \(size)")
      if !fits { visible = records.count }
    case 2:
      let isReady = try pair.sender.prepareToWait(forRecordOf: bytes.count) == nil
      try Self.demand(isReady == fits, "prepareToWait of \(size)")
      // It also publishes if the room is not known yet.
      pair.sender.flush()
      visible = records.count
    case 3: flush()
    case 4, 5: if fits { try write(bytes, byLoan: number(2) == 0) }
    case 6: try misuse(bytes, size)
    case 7...9:
      if fits {
        try pair.sender.sendRecord(bytes.span)
        append(bytes, publishes: true)
      }
    case 10:
      if fits {
        try unsafe pair.sender.sendRecord(byteCount: bytes.count) { room in
          unsafe room.copyBytes(from: bytes)
        }
        append(bytes, publishes: true)
      }
    case 11:
      let capacity = min(bytes.count + number(30), pair.sender.largestRecord)
      if Self.encoded([UInt8](repeating: 0, count: capacity)).count <= room {
        try pair.sender.appendRecord(capacity: capacity) { output in
          for byte in bytes { output.append(byte) }
        }
        append(bytes, publishes: false)
      }
    default:
      if fits {
        try pair.sender.appendRecord(bytes.span)
        append(bytes, publishes: false)
      }
    }
  }

  /// Writes a record as bytes of a loan.
  private mutating func write(_ bytes: [UInt8], byLoan: Bool) throws {
    let bytes = Self.encoded(bytes)
    let free = room
    if byLoan {
      let count = try unsafe pair.sender.lend(atLeast: bytes.count) { room, written in
        unsafe room.copyBytes(from: bytes)
        written = bytes.count
        return room.count
      }
      try Self.demand(count <= free, "a loan of \(count) of \(free) bytes")
    } else {
      var room = try pair.sender.room(atLeast: bytes.count)
      for (index, byte) in bytes.enumerated() {
        room.storeBytes(of: byte, toByteOffset: index, as: UInt8.self)
      }
      try pair.sender.publish(byteCount: bytes.count)
    }
    records.append(bytes)
    total += bytes.count
    visible = records.count
  }

  /// Calls that fail and change nothing.
  private mutating func misuse(_ bytes: [UInt8], _ size: Int) throws {
    guard size <= room else { return }
    let kind = number(4)
    do {
      switch kind {
      case 0:
        try pair.sender.appendRecord(capacity: bytes.count) { output throws(OwnError) in
          for byte in bytes { output.append(byte) }
          throw OwnError()
        }
      case 1:
        try unsafe pair.sender.sendRecord(byteCount: bytes.count) { room throws(OwnError) in
          unsafe room.copyBytes(from: bytes)
          throw OwnError()
        }
      case 2:
        try unsafe pair.sender.lend(atLeast: size) { room, written in written = room.count + 1 }
      default: try pair.sender.sendRecord([UInt8](repeating: 1, count: 65_529).span)
      }
      try Self.demand(false, "misuse \(kind) succeeded")
    } catch is OwnError {
    } catch let error as ShmError where error.kind == .usage {
    }
  }
}

extension StreamModel {
  /// Each call of the receiver releases the records that it holds.
  private mutating func release() {
    records.removeFirst(held)
    visible -= held
    held = 0
  }

  private static func check(_ bytes: RawSpan, _ record: [UInt8]) throws {
    let same = unsafe bytes.withUnsafeBytes { bytes in
      unsafe bytes.count <= record.count - 8 && record.count - 8 - bytes.count < 8
        && bytes.elementsEqual(record[8..<8 + bytes.count])
        && record.starts(with: encoded(Array(bytes)))
    }
    try demand(same, "a record of \(bytes.byteCount) instead of \(record.count - 8) bytes")
  }

  private mutating func receive() throws {
    release()
    let isReady = visible > 0
    let first = records.first ?? []
    // The last calls wait for a record.
    switch number(isReady ? 12 : 4) {
    case 0:
      let readiness = try pair.receiver.waitForRecord(timeout: .zero)
      try Self.demand(readiness == (isReady ? .ready : .timedOut), "waitForRecord: \(readiness)")
    case 1:
      let descriptor = try pair.receiver.prepareToWait()
      try Self.demand((descriptor == nil) == isReady, "prepareToWait")
    case 2...3:
      switch try pair.receiver.tryNext() {
      case .record(let record):
        try Self.check(record.bytes, first)
        held = 1
      case .nothing: try Self.demand(!isReady, "tryNext: nothing")
      case .end: try Self.demand(false, "tryNext: end")
      }
    case 4:
      guard let record = try pair.receiver.next() else { return try Self.demand(false, "next") }
      try Self.check(record.bytes, first)
      held = 1
    case 5: try read(number(visible) + 1, holds: number(2) == 0)
    case 6...8:
      let fails = number(4) == 0
      do {
        let result: Void? = try unsafe pair.receiver.receiveRecord { bytes in
          try unsafe Self.check(RawSpan(_unsafeBytes: bytes), first)
          if fails { throw OwnError() }
        }
        try Self.demand(result != nil && !fails, "receiveRecord")
        held = 1
        release()
      } catch is OwnError {
      }
    default:
      let most = number(4) == 0 ? Int.max : number(20) + 1
      try batch(most, failingAt: number(3) == 0 ? number(10) : nil)
    }
  }

  /// Receives a batch, whose closure throws at a record.
  private mutating func batch(_ most: Int, failingAt failing: Int?) throws {
    release()
    var count = 0
    let (records, visible) = (records, visible)
    do {
      let result = try pair.receiver.receiveRecords(max: most) { bytes in
        if count == failing { throw OwnError() }
        try Self.demand(count < visible, "record \(count) of \(visible)")
        try Self.check(bytes, records[count])
        count += 1
      }
      // Not all records that can be seen have been looked for.
      try Self.demand(result == count && count > 0 && count <= most, "a batch of \(result)")
    } catch is OwnError {
      try Self.demand(count == failing, "a batch that failed")
    }
    held = count
    release()
  }

  /// Reads whole records as bytes.
  private mutating func read(_ count: Int, holds: Bool) throws {
    let expected = records[..<count].flatMap { $0 }
    if holds {
      guard
        let loan = try pair.receiver.nextBytes(upTo: expected.count, atLeast: expected.count)
      else { return try Self.demand(false, "nextBytes") }
      let same = unsafe loan.bytes.withUnsafeBytes { unsafe $0.elementsEqual(expected) }
      try Self.demand(same, "nextBytes of \(expected.count)")
      held = count
    } else {
      let same = try unsafe pair.receiver.borrow(atLeast: expected.count) { bytes, consumed in
        consumed = expected.count
        return unsafe bytes.prefix(expected.count).elementsEqual(expected)
      }
      try Self.demand(same == true, "borrow of \(expected.count)")
      held = count
      release()
    }
  }
}
