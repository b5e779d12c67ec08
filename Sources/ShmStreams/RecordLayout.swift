/// How a record lies in a stream: its length in 8 bytes, little-endian, its bytes, and zeros up to the
/// next multiple of 8.
@usableFromInline
struct RecordLayout {
  /// The size of the header of a record in bytes.
  @usableFromInline static var header: Int { 8 }

  /// The bytes of the record without header and padding.
  @usableFromInline let length: Int
  /// The bytes of the ring that the record takes.
  @usableFromInline let size: Int

  /// The layout of a record of `length` bytes; nil if it is negative or overflows.
  @inlinable
  @inline(__always)
  init?(length: Int) {
    guard (0...Int.max - Self.header - 7).contains(length) else { return nil }
    self.length = length
    size = Self.header + (length + 7) & ~7
  }

  /// The layout of the record that begins with `header`. The length is loaded only once, so that a later change by the
  /// sender has no effect.
  @inlinable
  @inline(__always)
  init?(header: UnsafeRawBufferPointer) {
    let length = unsafe UInt64(littleEndian: header.loadUnaligned(as: UInt64.self))
    guard let length = Int(exactly: length) else { return nil }
    self.init(length: length)
  }

  /// The place of the bytes within the record.
  @inlinable
  var bytes: Range<Int> { Self.header..<Self.header + length }

  /// The place of the zeros within the record.
  var padding: Range<Int> { Self.header + length..<size }
}
