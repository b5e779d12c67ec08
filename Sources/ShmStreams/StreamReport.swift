/// A report of the bytes that one end of a stream transferred.
public struct StreamReport: Hashable, Sendable {
  /// The bytes.
  public internal(set) var bytes = 0
  /// The time from the meeting to the end.
  public internal(set) var duration = Duration.zero
  /// How often this end has waited for the other.
  public internal(set) var waits = 0
  /// How often it has woken the other.
  public internal(set) var wakes = 0
  /// How often this end has gone into the kernel for the transfer: to read or write, to wait, to wake.
  public internal(set) var crossings = 0
  /// The checksum of the bytes (CRC-32C); nil if it was not requested.
  public internal(set) var checksum: UInt32?
}

extension StreamSender {
  /// The system calls of this end for the transfer so far, see ``StreamReport/crossings``.
  package var crossings: Int { report.crossings }
}

extension StreamReceiver {
  /// The system calls of this end for the transfer so far, see ``StreamReport/crossings``.
  package var crossings: Int { report.crossings }
}
