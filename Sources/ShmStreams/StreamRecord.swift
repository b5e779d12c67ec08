import ShmCore

/// How a record lies in a stream: its length in 8 bytes, little-endian, its bytes, and zeros to the
/// next multiple of 8.
enum StreamRecord {
  /// The size of the header of a record in bytes.
  static let header = 8

  /// The bytes of the ring that a record of `count` bytes takes; nil on overflow.
  static func size(_ count: Int) -> Int? {
    guard count >= 0, let padded = PageMath.roundUp(count, to: 8) else { return nil }
    let (size, overflow) = padded.addingReportingOverflow(header)
    return overflow ? nil : size
  }
}
