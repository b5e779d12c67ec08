import CShm
import CShmTool
import ShmCore
import ShmStreams
import SystemPackage

/// What connects the two processes of a method: descriptors of this process, and those that the other one inherits.
struct BenchChannel {
  private(set) var own: [OwnedDescriptorBox] = []
  private(set) var peer: [OwnedDescriptorBox] = []
  /// The largest message in bytes; nil without a limit.
  private(set) var largestMessage: Int?

  /// Opens what a method needs.
  ///
  /// - Parameters:
  ///   - method: the method.
  ///   - largest: the largest message in bytes.
  /// - Throws: `ShmError` if the machine does not have it.
  init(for method: BenchMethod, largest: Int) throws(ShmError) {
    switch method {
    case .pipe64K, .pipe, .pipes: try addPipes(capacity: 64 << 10)
    case .pipe1M: try addPipes(capacity: 1 << 20)
    case .unix: try addPair { unsafe cshmtool_socket_pair(&$0) }
    case .tcp: try addPair { unsafe cshmtool_tcp_pair(&$0) }
    case .processMemory: try addPipes(capacity: 64 << 10)
    case .map:
      try addPipes(capacity: 64 << 10)
      try addRegion(size: SlotSignals.room(largest))
    case .messageQueue:
      var size = 0
      try addShared { unsafe cshmtool_message_queue(&size) }
      largestMessage = size
    case .futex: try addRegion(size: 2 * WordEnd.direction)
    case .eventfd:
      try addRegion(size: 2 * WordEnd.direction)
      try addShared { cshmtool_event() }
      try addShared { cshmtool_event() }
    // Streams meet by a name.
    default: break
    }
  }

  /// A region of both processes.
  init(sharing size: Int) throws(ShmError) { try addRegion(size: size) }

  /// A pipe in each direction. Each end is read first and written second.
  private mutating func addPipes(capacity: CInt) throws(ShmError) {
    let there = try Self.pair { unsafe cshm_pipe(&$0) }
    let back = try Self.pair { unsafe cshm_pipe(&$0) }
    for end in [there.1, back.1] {
      _ = try BenchCall.run { () throws(Errno) in
        try SystemCall.checkNegated { cshm_fcntl(end.number ?? -1, cshm_F_SETPIPE_SZ, capacity) }
      }
    }
    own += [there.0, back.1]
    peer += [back.0, there.1]
  }

  private mutating func addPair(_ open: (inout [CInt]) -> CInt) throws(ShmError) {
    let pair = try Self.pair(open)
    own.append(pair.0)
    peer.append(pair.1)
  }

  /// A descriptor that both processes use.
  private mutating func addShared(_ open: () -> CInt) throws(ShmError) {
    let box = try Self.open(open)
    own.append(box)
    peer.append(box)
  }

  private mutating func addRegion(size: Int) throws(ShmError) {
    let region = try Region.anonymous("shmtool-bench", size: size)
    let shared = try BenchCall.run { () throws(Errno) in
      try OwnedDescriptor.duplicate(region.rawDescriptor)
    }
    let box = OwnedDescriptorBox(shared)
    own.append(box)
    peer.append(box)
  }

  private static func pair(
    _ open: (inout [CInt]) -> CInt
  ) throws(ShmError) -> (OwnedDescriptorBox, OwnedDescriptorBox) {
    var ends: [CInt] = [-1, -1]
    _ = try BenchCall.run { () throws(Errno) in
      try SystemCall.checkNegated { open(&ends) }
    }
    return (
      OwnedDescriptorBox(OwnedDescriptor(adopting: ends[0])),
      OwnedDescriptorBox(OwnedDescriptor(adopting: ends[1]))
    )
  }

  private static func open(_ open: () -> CInt) throws(ShmError) -> OwnedDescriptorBox {
    let raw = try BenchCall.run { () throws(Errno) in
      try SystemCall.checkNegated(open)
    }
    return OwnedDescriptorBox(OwnedDescriptor(adopting: raw))
  }
}
