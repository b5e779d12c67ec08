public import ShmCore

/// How a stream is to be.
///
/// ```swift
/// var options = StreamOptions()
/// options.receivers = 4
/// ```
public struct StreamOptions: Sendable {
  /// How many receivers there are; each gets every byte, and the slowest sets the pace. 1 to 16.
  public var receivers = 1
  /// The bytes of the ring, a power of two from 64 KiB to 1 GiB.
  public var capacity = RingGeometry.defaultCapacity
  /// The kind of pages of the ring.
  public var pages = Region.Pages.ordinary
  /// Whether both ends wire the ring.
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
  /// How much is read or written at once, in bytes: a part of the ring, so that both ends work.
  public var chunk = 256 << 10
  /// The time that an adaptively waiting end spins before it sleeps.
  public var spin = Duration.microseconds(50)
  /// The part of the ring that must be free before a receiver wakes a waiting sender: 4 for a quarter.
  public var wakeShare = 4
  /// A descriptor that becomes readable when this end is to stop; the stream is then aborted.
  public var interrupt: Int32?

  /// One receiver, a ring of 4 MiB, no time limits.
  public init() {}
}
