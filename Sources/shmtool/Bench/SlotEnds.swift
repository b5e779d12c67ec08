import CShm
import Glibc
import ShmCopying
import ShmCore
import SystemPackage

/// A sender with several places for messages. A byte through a pipe says that a message is ready, and one that comes
/// back that its place is free, so messages are written while others are read.
struct SlotSignals {
  /// The bytes that small messages use together, as in a pipe.
  private static let capacity = 1 << 20
  private static let mostSlots = 64

  /// The number of places for messages of `size` bytes: at least two, and for small messages as many as a batch needs.
  static func slots(_ size: Int) -> Int { max(2, min(mostSlots, capacity / max(1, size))) }

  /// The distance of two places in a region in bytes. A mapping begins at a page.
  static func stride(_ size: Int) -> Int { PageMath.roundUp(size, to: PageMath.pageSize) ?? size }

  /// The bytes of all places for messages of up to `largest` bytes.
  static func room(_ largest: Int) -> Int {
    max(2 * stride(largest), capacity + mostSlots * PageMath.pageSize)
  }

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

  /// Sends messages of `size` bytes: `write` is called with a free place before each.
  mutating func send(size: Int, count: Int, _ write: (Int) -> Void) throws(ShmError) {
    let slots = Self.slots(size)
    for index in 0..<count {
      if index >= slots { try wait() }
      write(index % slots)
      try signal()
    }
    for _ in 0..<min(count, slots) { try wait() }
  }

  /// Receives messages of `size` bytes: `read` is called with the place of each.
  mutating func receive(
    size: Int, count: Int, _ read: (Int) throws(ShmError) -> Void
  ) throws(ShmError) {
    let slots = Self.slots(size)
    for index in 0..<count {
      try wait()
      try read(index % slots)
      try signal()
    }
  }
}

/// A region of several places: the sender writes into its mapping, the receiver maps and unmaps each message. mmap(2)
final class MapEnd: BenchEnd {
  private let region: CInt
  private let mapping: Mapping
  private var signals: SlotSignals
  private var mapCalls = 0

  /// - Parameters:
  ///   - region: the region's descriptor.
  ///   - mapping: the whole region.
  ///   - signals: the pipes.
  init(_ region: CInt, _ mapping: consuming Mapping, _ signals: SlotSignals) {
    self.region = region
    self.mapping = mapping
    self.signals = signals
  }

  var systemCalls: Int { signals.calls + mapCalls }

  func send(_ message: UnsafeRawBufferPointer, count: Int) throws(ShmError) {
    try unsafe mapping.withUnsafeMutableBytes { (memory) throws(ShmError) in
      let stride = SlotSignals.stride(message.count)
      try signals.send(size: message.count, count: count) { slot in
        unsafe UnsafeMutableRawBufferPointer(rebasing: memory[(slot * stride)...])
          .copyMemory(from: message)
      }
    }
  }

  func receive(
    into buffer: UnsafeMutableRawBufferPointer, count: Int
  ) throws(ShmError) -> UInt64 {
    let size = buffer.count
    let stride = SlotSignals.stride(size)
    var sum: UInt64 = 0
    try signals.receive(size: size, count: count) { (slot) throws(ShmError) in
      sum &+= try BenchCall.run { () throws(Errno) in
        let base = try unsafe MemoryCalls.map(
          at: nil, length: size, protection: PROT_READ, flags: MAP_SHARED | MAP_POPULATE,
          descriptor: region, offset: slot * stride)
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
    try signals.send(size: message.count, count: count) { _ in }
  }

  func receive(
    into buffer: UnsafeMutableRawBufferPointer, count: Int
  ) throws(ShmError) -> UInt64 {
    var sum: UInt64 = 0
    try signals.receive(size: buffer.count, count: count) { (_) throws(ShmError) in
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
