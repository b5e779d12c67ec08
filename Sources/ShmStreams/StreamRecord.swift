import ShmCore

/// How a record lies in a stream: its length in 8 bytes, little-endian, its bytes, and zeros to the
/// next multiple of 8.
enum StreamRecord {
  /// The bytes before the record's own.
  static let header = 8

  /// What a record of `count` bytes takes of the ring; nil where that cannot be counted.
  static func size(_ count: Int) -> Int? {
    guard count >= 0, let padded = PageMath.roundUp(count, to: 8) else { return nil }
    let (size, overflow) = padded.addingReportingOverflow(header)
    return overflow ? nil : size
  }
}
