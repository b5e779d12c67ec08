import Glibc
import ShmCore
import SystemPackage

/// A descriptor that is read in order, from its current offset on. Holes of a regular file are skipped. lseek(2)
struct SequentialInput {
  private let raw: CInt
  private var holes: HoleFinder?
  /// The offset of the next byte in a file with holes.
  private var offset = 0

  /// - Parameters:
  ///   - raw: open for reading; it outlives this value.
  ///   - hasHoles: whether it is a regular file with a meaningful size, so that holes can be skipped.
  init(_ raw: CInt, hasHoles: Bool) {
    self.raw = raw
    guard hasHoles, let place = try? OwnedDescriptor.seek(.current, in: raw, from: 0) else {
      return
    }
    offset = place
    holes = HoleFinder(raw)
  }

  /// Skips a hole of up to `count` bytes. Returns the number of skipped bytes; 0 if data or the end comes next.
  mutating func skipHole(upTo count: Int, _ attempt: String) throws(ShmError) -> Int {
    guard holes != nil else { return 0 }
    let hole = holes?.hole(at: offset, limit: offset + count) ?? 0
    offset += hole
    try restoreOffset(attempt)
    return hole
  }

  /// Reads the next bytes, and stops before the next hole. read(2)
  ///
  /// - Returns: the number of bytes; 0 at the end.
  mutating func read(
    into buffer: UnsafeMutableRawBufferPointer, _ attempt: String
  ) throws(ShmError) -> Int {
    let data = holes?.data(at: offset, limit: offset + buffer.count) ?? buffer.count
    let part = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(max(1, data)))
    let count = try unsafe DescriptorIO.read(raw, into: part, attempt)
    offset += count
    return count
  }

  /// Continues after `count` bytes that were read in another way.
  mutating func skip(_ count: Int, _ attempt: String) throws(ShmError) {
    offset += count
    try restoreOffset(attempt)
  }

  /// Calls `body` with the parts of the next `count` bytes that have data, counted from here.
  mutating func forEachData(
    upTo count: Int, _ body: (Range<Int>) throws(ShmError) -> Void
  ) throws(ShmError) {
    guard var holes else { return try body(0..<count) }
    let start = offset
    try holes.forEachData(in: start..<start + count) { (part) throws(ShmError) in
      try body(part.lowerBound - start..<part.upperBound - start)
    }
    try restoreOffset("cannot read the input")
  }

  /// Sets the offset of the descriptor again, because the search for holes moves it.
  private func restoreOffset(_ attempt: String) throws(ShmError) {
    do throws(Errno) {
      _ = try OwnedDescriptor.seek(.start, in: raw, from: offset)
    } catch {
      throw DescriptorIO.explain(error, attempt)
    }
  }
}
