import ShmCore

/// How a record lies in a stream: its length in 8 bytes, little-endian, its bytes, and zeros up to the
/// next multiple of 8.
struct RecordLayout {
  /// The size of the header of a record in bytes.
  static let header = 8

  /// The bytes of the record without header and padding.
  let length: Int
  /// The bytes of the ring that the record takes.
  let size: Int

  /// The layout of a record of `length` bytes; nil if it is negative or overflows.
  init?(length: Int) {
    guard length >= 0, let padded = PageMath.roundUp(length, to: 8) else { return nil }
    let (size, overflow) = padded.addingReportingOverflow(Self.header)
    guard !overflow else { return nil }
    self.length = length
    self.size = size
  }

  /// The place of the bytes within the record.
  var bytes: Range<Int> { Self.header..<Self.header + length }

  /// The place of the zeros within the record.
  var padding: Range<Int> { Self.header + length..<size }
}
