import Glibc
import SystemPackage

/// Finds the holes of a file: bytes that were never written. They read as zeros and take no memory.
///
/// The last result is cached, so a file without holes needs only two lseek(2) calls. A file system without support for
/// holes reports only data. lseek(2), `SEEK_DATA` and `SEEK_HOLE`
package struct HoleFinder {
  /// The descriptor, which outlives the finder. Its offset changes.
  private let raw: CInt
  /// The part of the file that the last result describes: a hole, which may be empty, followed by data.
  private var known = 0..<0
  private var dataStart = 0

  /// - Parameter raw: an open file.
  package init(_ raw: CInt) {
    self.raw = raw
  }

  /// The length of the hole at an offset, in bytes.
  ///
  /// - Parameters:
  ///   - offset: in bytes.
  ///   - limit: the end of the bytes of interest, not before the offset.
  /// - Returns: the bytes up to the next data or to `limit`; 0 if there is data.
  package mutating func hole(at offset: Int, limit: Int) -> Int {
    if !known.contains(offset) { find(from: offset) }
    return max(0, min(dataStart, limit) - offset)
  }

  /// The length of the data at an offset, in bytes, up to `limit`; 0 in a hole.
  package mutating func data(at offset: Int, limit: Int) -> Int {
    if !known.contains(offset) { find(from: offset) }
    return offset < dataStart ? 0 : min(known.upperBound, limit) - offset
  }

  /// Calls `body` with the parts of a range that have data, in order.
  ///
  /// - Parameters:
  ///   - range: in bytes.
  ///   - body: called with each part.
  /// - Throws: the errors of `body`.
  package mutating func forEachData<Failure: Error>(
    in range: Range<Int>, _ body: (Range<Int>) throws(Failure) -> Void
  ) throws(Failure) {
    var offset = range.lowerBound
    while offset < range.upperBound {
      offset += hole(at: offset, limit: range.upperBound)
      let end = min(known.upperBound, range.upperBound)
      if offset < end { try body(offset..<end) }
      offset = max(offset, end)
    }
  }

  private mutating func find(from offset: Int) {
    do throws(Errno) {
      if let start = try OwnedDescriptor.seek(.data, in: raw, from: offset) {
        let end = try OwnedDescriptor.seek(.hole, in: raw, from: start) ?? start
        (known, dataStart) = (offset..<max(end, start + 1), start)
      } else {
        // There is no data before the end. Bytes beyond it count as data; a read there returns 0.
        let end = try OwnedDescriptor.seek(.end, in: raw, from: 0) ?? 0
        (known, dataStart) = end > offset ? (offset..<end, end) : (offset..<Int.max, offset)
      }
    } catch {
      (known, dataStart) = (offset..<Int.max, offset)
    }
  }
}
