import CShm
import ShmCore

/// How a ring lies in its memory.
struct RingGeometry: Hashable, Sendable {
  /// What a ring holds where nothing else is asked for, in bytes.
  static let defaultCapacity = 4 << 20
  /// The smallest and the largest capacity in bytes.
  static let capacities = (64 << 10)...(1 << 30)
  /// The most receivers of one stream.
  static let maximumReceivers = Int(CSHM_RING_RECEIVERS)

  /// The bytes of the ring, a power of two.
  let capacity: Int
  /// Where they begin in the memory, in bytes; on a page, behind the header.
  let dataOffset: Int

  /// The bytes of the whole.
  var size: Int { dataOffset + capacity }

  /// A ring on pages of a size; nil for a capacity that no ring has.
  init?(capacity: Int, pageSize: Int) {
    guard Self.capacities.contains(capacity), capacity & (capacity - 1) == 0,
      let dataOffset = PageMath.roundUp(MemoryLayout<cshm_ring>.size, to: pageSize),
      capacity % pageSize == 0
    else { return nil }
    self.capacity = capacity
    self.dataOffset = dataOffset
  }

  /// Where the position of the sender stands, in bytes.
  static let senderPosition = 128
  /// Where the flag of the sender stands.
  static let senderWaits = 256
  /// Where the position of a receiver stands.
  static func receiverPosition(_ index: Int) -> Int { 384 + 256 * index }
  /// Where the flag of a receiver stands.
  static func receiverWaits(_ index: Int) -> Int { receiverPosition(index) + 128 }
}
