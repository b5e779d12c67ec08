import Glibc
package import SystemPackage

/// Access to the contents by system calls. The kernel copies, so a truncation by another process is an error
/// and not a signal.
extension Region {
  /// Copies bytes of the region into `buffer`. pread(2)
  ///
  /// - Parameters:
  ///   - buffer: memory of the caller, filled from its start.
  ///   - offset: the first byte in the region.
  /// - Returns: the number of bytes copied, less than the size of `buffer` if the region ends earlier.
  /// - Throws: `ShmError`: `notPermitted` if the region is not open for reading, `inputOutput` for a read error, and the
  ///   kind of any other error of the call.
  /// - Complexity: linear in the bytes copied.
  public func read(
    into buffer: UnsafeMutableRawBufferPointer, at offset: Int
  ) throws(ShmError) -> Int {
    var done = 0
    while done < buffer.count {
      let count: Int
      do {
        let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
        count = try unsafe descriptor.read(into: rest, at: offset + done)
      } catch {
        throw ShmError("cannot read \(quoted)", error)
      }
      if count == 0 { break }
      done += count
    }
    return done
  }

  /// Copies bytes of the region into a span. pread(2)
  ///
  /// ```swift
  /// let region = try Region.open(RegionReference("cache"), access: .readOnly)
  /// var numbers = [UInt64](repeating: 0, count: 512)
  /// var span = numbers.mutableSpan
  /// var bytes = span.mutableBytes
  /// let count = try region.read(into: &bytes, at: 0)
  /// ```
  ///
  /// - Parameters:
  ///   - bytes: memory of the caller, filled from its start.
  ///   - offset: the first byte in the region.
  /// - Returns: the number of bytes copied, less than the size of `bytes` if the region ends earlier.
  /// - Throws: `ShmError`: `notPermitted` if the region is not open for reading, `inputOutput` for a read error, and the
  ///   kind of any other error of the call.
  /// - Complexity: linear in the bytes copied.
  public func read(into bytes: inout MutableRawSpan, at offset: Int) throws(ShmError) -> Int {
    try unsafe bytes.withUnsafeMutableBytes { (buffer) throws(ShmError) in
      try unsafe read(into: buffer, at: offset)
    }
  }

  /// Copies bytes of the region into an array. pread(2)
  ///
  /// ```swift
  /// let region = try Region.open(RegionReference("cache"), access: .readOnly)
  /// let header = try region.bytes(in: 0..<64)
  /// print(header.span.bytes.byteCount)
  /// ```
  ///
  /// - Parameter range: the bytes; nil for all.
  /// - Returns: the bytes; fewer if the region ends earlier.
  /// - Throws: `ShmError`: `notPermitted` if the region is not open for reading, `inputOutput` for a read error, and the
  ///   kind of any other error of the call.
  /// - Complexity: linear in the bytes copied.
  public func bytes(in range: Range<Int>? = nil) throws(ShmError) -> [UInt8] {
    let range = if let range { range } else { 0..<(try currentSize("cannot read \(quoted)")) }
    var bytes = [UInt8](repeating: 0, count: range.count)
    let count = try unsafe bytes.withUnsafeMutableBufferPointer {
      (buffer) throws(ShmError) -> Int in
      try unsafe read(into: UnsafeMutableRawBufferPointer(buffer), at: range.lowerBound)
    }
    bytes.removeSubrange(count...)
    return bytes
  }

  /// The size in bytes at this moment. fstat(2)
  package func currentSize(_ attempt: String) throws(ShmError) -> Int {
    do throws(Errno) {
      return Int(try descriptor.status().st_size)
    } catch {
      throw ShmError(attempt, error)
    }
  }

  /// The error for a region that another process has shrunk.
  package func shrunk(_ attempt: String, to size: Int, wanted: Int) -> ShmError {
    ShmError(
      .inputOutput, attempt,
      """
      another process shrank it to \(size) bytes, and byte \(wanted - 1) is beyond the new end
      """)
  }

  /// Why a write of `wanted` bytes failed; nil means one page.
  package func explainWrite(_ error: Errno, _ attempt: String, wanted: Int? = nil) -> ShmError {
    switch error {
    case .notPermitted:
      if let seals = seals(), !seals.isEmpty {
        ShmError(
          .notPermitted, attempt, "it is sealed: \(seals.words.joined(separator: ", "))",
          errorNumber: error.rawValue)
      } else {
        ShmError(attempt, error)
      }
    case .noSpace, .noMemory, .diskQuotaExceeded, .badAddress:
      (try? spaceCheck(attempt, mayBeSparse: false).refusal(
        wanted ?? status().pageSize, errno: error))
        ?? ShmError(attempt, error)
    default: ShmError(attempt, error)
    }
  }
}
