import CShm
import CShmTool
import Glibc
import ShmCore
import SystemPackage

/// One message at a time in a shared page for each direction, announced by a counter and by futex(2) or eventfd(2).
final class WordEnd: BenchEnd {
  /// How the other process is woken.
  enum Wake {
    case futex
    /// The events for this end and for the other one.
    case events(own: CInt, peer: CInt)
  }

  /// The bytes of a direction: a counter in the first 64, then the message.
  static let direction = 64 << 10
  private static let header = 64

  private let mapping: Mapping
  private let isFirst: Bool
  private let wake: Wake
  private var sent: UInt64 = 0
  private var received: UInt64 = 0
  private(set) var systemCalls = 0

  /// - Parameters:
  ///   - mapping: two directions.
  ///   - isFirst: whether this end writes the first direction.
  ///   - wake: how to wake.
  init(_ mapping: consuming Mapping, isFirst: Bool, _ wake: Wake) {
    self.mapping = mapping
    self.isFirst = isFirst
    self.wake = wake
  }

  func send(_ message: UnsafeRawBufferPointer, count: Int) throws(ShmError) {
    let start = isFirst ? 0 : Self.direction
    for _ in 0..<count {
      unsafe mapping.withUnsafeMutableBytes { memory in
        unsafe UnsafeMutableRawBufferPointer(rebasing: memory[(start + Self.header)...])
          .copyMemory(from: message)
      }
      sent += 1
      try Self.store(sent, at: start, in: mapping)
      systemCalls += 1
      switch wake {
      case .futex: try call { unsafe cshmtool_futex_wake(word(at: start)) }
      case .events(_, let peer): try signal(peer)
      }
    }
  }

  func receive(
    into buffer: UnsafeMutableRawBufferPointer, count: Int
  ) throws(ShmError) -> UInt64 {
    let start = isFirst ? Self.direction : 0
    var sum: UInt64 = 0
    for _ in 0..<count {
      try wait(at: start)
      received += 1
      sum &+= unsafe mapping.withUnsafeMutableBytes { memory in
        unsafe BenchSum.of(
          UnsafeRawBufferPointer(rebasing: memory[(start + Self.header)...].prefix(buffer.count)))
      }
    }
    return sum
  }

  private static func store(
    _ value: UInt64, at offset: Int, in mapping: borrowing Mapping
  ) throws(ShmError) {
    try mapping.counter(at: offset).store(value)
  }

  private func wait(at start: Int) throws(ShmError) {
    while try mapping.counterValue(at: start) == received {
      systemCalls += 1
      let answer =
        switch wake {
        case .futex:
          unsafe cshmtool_futex_wait(
            word(at: start), UInt32(truncatingIfNeeded: received), CInt(QueueEnd.patience))
        case .events(let own, _): cshmtool_event_wait(own, CInt(QueueEnd.patience))
        }
      // The counter has changed, or a signal has come.
      if answer < 0, ![EAGAIN, EINTR].contains(-answer) { try call { answer } }
    }
  }

  private func signal(_ event: CInt) throws(ShmError) {
    var one: UInt64 = 1
    _ = try unsafe withUnsafeBytes(of: &one) { (bytes) throws(ShmError) in
      try BenchCall.run { () throws(Errno) in
        try unsafe OwnedDescriptor.write(event, from: bytes)
      }
    }
  }

  /// The lower half of a counter.
  private func word(at start: Int) -> UnsafePointer<UInt32>? {
    unsafe UnsafePointer(bitPattern: mapping.address + UInt(start))
  }

  private func call(_ body: () -> CInt) throws(ShmError) {
    _ = try BenchCall.run { () throws(Errno) in
      try SystemCall.checkNegated(body)
    }
  }
}
