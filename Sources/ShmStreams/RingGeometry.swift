import CShm
import ShmCore

/// The layout of a ring in its memory.
struct RingGeometry: Hashable, Sendable {
  /// The default capacity in bytes.
  static let defaultCapacity = 4 << 20
  /// The smallest and the largest capacity in bytes.
  static let capacities = (64 << 10)...(1 << 30)
  /// The maximum number of receivers of a stream: 16.
  static let maximumReceivers = Int(CSHM_RING_RECEIVERS)

  /// The bytes of the ring, a power of two.
  let capacity: Int
  /// The offset of the data in the memory, in bytes: the first page after the header.
  let dataOffset: Int

  /// The size of header and data in bytes.
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

  /// The offset of the sender's position in bytes.
  static let senderPosition = 128
  /// The offset of the sender's flag.
  static let senderWaits = 256
  /// The offset of a receiver's position.
  static func receiverPosition(_ index: Int) -> Int { 384 + 256 * index }
  /// The offset of a receiver's flag.
  static func receiverWaits(_ index: Int) -> Int { receiverPosition(index) + 128 }
}
