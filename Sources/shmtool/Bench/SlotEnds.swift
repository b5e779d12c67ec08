import CShm
import Glibc
import ShmCopying
import ShmCore
import SystemPackage

/// A sender with two places for messages. A byte through a pipe says that a message is ready, and one that comes back
/// that its place is free, so one message is written while the other is read.
struct SlotSignals {
  static let slots = 2

  private let input: CInt
  private let output: CInt
  private(set) var calls = 0

  init(input: CInt, output: CInt) {
    self.input = input
    self.output = output
  }

  mutating func signal() throws(ShmError) {
    calls += 1
    var byte: UInt8 = 1
    _ = try unsafe withUnsafeBytes(of: &byte) { (bytes) throws(ShmError) in
      try BenchCall.run { () throws(Errno) in
        try unsafe OwnedDescriptor.write(output, from: bytes)
      }
    }
  }

  mutating func wait() throws(ShmError) {
    calls += 1
    var byte: UInt8 = 0
    let count = try unsafe withUnsafeMutableBytes(of: &byte) { (bytes) throws(ShmError) in
      try BenchCall.run { () throws(Errno) in
        try unsafe OwnedDescriptor.read(input, into: bytes)
      }
    }
    if count == 0 { throw BenchCall.ended }
  }

  /// Sends messages: `write` is called with a free place before each.
  mutating func send(count: Int, _ write: (Int) -> Void) throws(ShmError) {
    for index in 0..<count {
      if index >= Self.slots { try wait() }
      write(index % Self.slots)
      try signal()
    }
    for _ in 0..<min(count, Self.slots) { try wait() }
  }

  /// Receives messages: `read` is called with the place of each.
  mutating func receive(
    count: Int, _ read: (Int) throws(ShmError) -> Void
  ) throws(ShmError) {
    for index in 0..<count {
      try wait()
      try read(index % Self.slots)
      try signal()
    }
  }
}

/// A region of two places: the sender writes into its mapping, the receiver maps and unmaps each message. mmap(2)
final class MapEnd: BenchEnd {
  private let region: CInt
  private let mapping: Mapping
  private let slotSize: Int
  private var signals: SlotSignals
  private var mapCalls = 0

  /// - Parameters:
  ///   - region: the region's descriptor.
  ///   - mapping: the whole region.
  ///   - signals: the pipes.
  init(_ region: CInt, _ mapping: consuming Mapping, _ signals: SlotSignals) {
    self.region = region
    slotSize = mapping.count / SlotSignals.slots
    self.mapping = mapping
    self.signals = signals
  }

  var systemCalls: Int { signals.calls + mapCalls }

  func send(_ message: UnsafeRawBufferPointer, count: Int) throws(ShmError) {
    try unsafe mapping.withUnsafeMutableBytes { (memory) throws(ShmError) in
      try signals.send(count: count) { slot in
        unsafe UnsafeMutableRawBufferPointer(rebasing: memory[(slot * slotSize)...])
          .copyMemory(from: message)
      }
    }
  }

  func receive(
    into buffer: UnsafeMutableRawBufferPointer, count: Int
  ) throws(ShmError) -> UInt64 {
    let size = buffer.count
    var sum: UInt64 = 0
    try signals.receive(count: count) { (slot) throws(ShmError) in
      sum &+= try BenchCall.run { () throws(Errno) in
        let base = try unsafe MemoryCalls.map(
          at: nil, length: size, protection: PROT_READ, flags: MAP_SHARED | MAP_POPULATE,
          descriptor: region, offset: slot * slotSize)
        let pages = unsafe OwnedPages(adopting: base, length: size)
        let sum = unsafe BenchSum.of(UnsafeRawBufferPointer(pages.buffer))
        try pages.unmap()
        return sum
      }
    }
    mapCalls += 2 * count
    return sum
  }
}

/// Memory of the sender, which the receiver copies. process_vm_readv(2)
final class ProcessMemoryEnd: BenchEnd {
  private let peer: Int32
  private let address: UInt64
  private var signals: SlotSignals
  private var copyCalls = 0

  /// - Parameters:
  ///   - peer: the other process.
  ///   - address: where the message lies there.
  ///   - signals: the pipes.
  init(peer: Int32, address: UInt64, _ signals: SlotSignals) {
    self.peer = peer
    self.address = address
    self.signals = signals
  }

  var systemCalls: Int { signals.calls + copyCalls }

  func send(_ message: UnsafeRawBufferPointer, count: Int) throws(ShmError) {
    try signals.send(count: count) { _ in }
  }

  func receive(
    into buffer: UnsafeMutableRawBufferPointer, count: Int
  ) throws(ShmError) -> UInt64 {
    var sum: UInt64 = 0
    try signals.receive(count: count) { (_) throws(ShmError) in
      try BenchCall.run { () throws(Errno) in
        var done = 0
        while done < buffer.count {
          let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
          let start = address + UInt64(done)
          done += try unsafe ProcessCalls.read(
            peer, [cshm_piece(address: start, length: UInt64(rest.count))], into: rest)
          copyCalls += 1
        }
      }
      sum &+= unsafe BenchSum.of(UnsafeRawBufferPointer(buffer))
    }
    return sum
  }
}
