public import ShmCore
public import SystemPackage

/// The options of one end of a stream.
///
/// ```swift
/// var options = StreamOptions(receivers: 4, maximumRecord: 1 << 20)
/// options.stallTimeout = .seconds(10)
/// ```
public struct StreamOptions: Sendable {
  /// The number of receivers, 1 to 16. Each receives every byte; the slowest receiver limits the speed.
  public var receivers = 1
  /// The bytes of the ring, a power of two from 64 KiB to 1 GiB.
  public var capacity = RingGeometry.defaultCapacity
  /// The bytes of the largest record, at most 1 GiB - 8. The ring gets at least the capacity that such a record needs.
  /// nil if ``capacity`` alone determines the ring.
  public var maximumRecord: Int?
  /// The kind of pages of the ring.
  public var pages = Region.Pages.ordinary
  /// Whether both ends wire the ring (lock it in RAM).
  public var isWired = false
  /// Whether a checksum of all bytes is computed and compared.
  public var hasChecksum = false
  /// The expected number of bytes; nil if unknown. Any other number is an error.
  public var expectedBytes: Int?
  /// The time limit for the connection of the other end; nil for no limit.
  public var meetingTimeout: Duration?
  /// The time without a transferred byte after which the stream is aborted; nil for no limit.
  public var stallTimeout: Duration?
  /// How an end waits for the other.
  public var waiting = StreamWaiting.adaptive
  /// The maximum bytes of one read or write: a part of the ring, so that both ends work at the same time.
  public var chunk = 256 << 10
  /// The time that an adaptively waiting end spins before it sleeps.
  public var spin = Duration.microseconds(50)
  /// The part of the ring that must be free before a receiver wakes a waiting sender: 4 for a quarter.
  package var wakeShare = 4
  /// A descriptor that becomes readable when this end must stop; the stream is then aborted.
  public var interrupt: FileDescriptor?

  /// No time limits.
  ///
  /// - Parameters:
  ///   - receivers: the number of receivers, 1 to 16.
  ///   - maximumRecord: the bytes of the largest record; nil for a ring of 4 MiB.
  public init(receivers: Int = 1, maximumRecord: Int? = nil) {
    self.receivers = receivers
    self.maximumRecord = maximumRecord
  }

  /// The capacity of the ring in which a record of `maximumRecord` bytes fits.
  ///
  /// - Throws: `ShmError` of kind `usage` if no ring is large enough.
  func ringCapacity(_ failure: StreamFailure) throws(ShmError) -> Int {
    guard let maximumRecord else { return capacity }
    let largest = RingGeometry.capacities.upperBound
    guard let size = RecordLayout(length: maximumRecord)?.size, size <= largest else {
      throw failure.misuse(
        "a record of \(maximumRecord) bytes exceeds the largest ring of \(largest) bytes")
    }
    var needed = RingGeometry.capacities.lowerBound
    while needed < size { needed *= 2 }
    return max(capacity, needed)
  }
}
