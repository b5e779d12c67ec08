public import ShmCore
import SystemPackage

extension Region {
  /// Copies `buffer` into the region. The region does not grow: bytes beyond its end are an error, also if another
  /// process shrinks it in the meantime. process_vm_writev(2)
  ///
  /// Many small writes go faster through a `Mapping`.
  ///
  /// - Parameters:
  ///   - buffer: the bytes to write.
  ///   - offset: the offset in the region, in bytes.
  /// - Throws: `ShmError`:
  ///   - `usage` for a negative offset,
  ///   - `inputOutput` if the region ends before the last byte,
  ///   - `noSpace` if no memory is available for a hole of a sparse region,
  ///   - `notPermitted` if the region is not open for writing, or is sealed.
  /// - Complexity: linear in the bytes copied.
  public func write(_ buffer: UnsafeRawBufferPointer, at offset: Int) throws(ShmError) {
    var writer = try RegionWriter(self)
    try unsafe writer.write(buffer, at: offset, of: self)
  }

  /// Copies the bytes of a span into the region, which does not grow. process_vm_writev(2)
  ///
  /// ```swift
  /// let region = try Region.open(RegionReference("cache"))
  /// let numbers: [UInt64] = [1, 2, 3]
  /// try region.write(numbers.span.bytes, at: 0)
  /// ```
  ///
  /// - Parameters:
  ///   - bytes: the bytes to write.
  ///   - offset: the offset in the region, in bytes.
  /// - Throws: `ShmError`:
  ///   - `usage` for a negative offset,
  ///   - `inputOutput` if the region ends before the last byte,
  ///   - `noSpace` if no memory is available for a hole of a sparse region,
  ///   - `notPermitted` if the region is not open for writing, or is sealed.
  /// - Complexity: linear in the bytes copied.
  public func write(_ bytes: RawSpan, at offset: Int) throws(ShmError) {
    try unsafe bytes.withUnsafeBytes { (buffer) throws(ShmError) in
      try unsafe write(buffer, at: offset)
    }
  }
}
