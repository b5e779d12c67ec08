import Glibc
import SystemPackage

/// The way bytes get into a region: pwrite(2), and on hugetlbfs, which has no write, a copy by the
/// kernel into a mapping. Neither raises a signal where another process makes the region smaller.
struct RegionWriter: ~Copyable, Sendable {
  /// Kept for its end; nil where pwrite serves.
  private let mapping: OwnedPages?
  private let address: UInt
  private let length: Int

  /// Whether one write waits for another.
  var isSerial: Bool { length == 0 }

  /// Ready to write anywhere in `range`, which lies within the region.
  init(_ region: borrowing Region, range: Range<Int>) throws(ShmError) {
    guard try region.fileSystem().kind == .hugetlbfs else {
      mapping = nil
      (address, length) = (0, 0)
      return
    }
    let size = try region.status()
    let attempt = "cannot write \(region.quoted)"
    let descriptor = region.descriptor.raw
    guard let length = PageMath.roundUp(size.size, to: size.pageSize) else {
      throw ShmError(.usage, attempt, "its size is more than addresses can count")
    }
    let pages = try ShmError.saying(attempt) { () throws(Errno) in
      let base = try unsafe MemoryCalls.map(
        at: nil, length: length, protection: PROT_READ | PROT_WRITE, flags: MAP_SHARED,
        descriptor: descriptor, offset: 0)
      return unsafe OwnedPages(adopting: base, length: length)
    }
    (address, self.length) = (pages.address, length)
    mapping = consume pages
  }

  /// Writes all of `buffer` at `offset`.
  func write(
    _ buffer: UnsafeRawBufferPointer, at offset: Int, of region: borrowing Region
  ) throws(ShmError) {
    guard length > 0 else { return try unsafe region.write(buffer, at: offset) }
    let attempt = "cannot write \(region.quoted)"
    guard offset + buffer.count <= length else {
      throw region.shrunk(attempt, to: length, wanted: offset + buffer.count)
    }
    var done = 0
    while done < buffer.count {
      let target = address + UInt(offset + done)
      let copied: Int
      do throws(Errno) {
        guard let target = unsafe UnsafeMutableRawPointer(bitPattern: target) else { return }
        copied = try unsafe MemoryCalls.copy(
          UnsafeRawBufferPointer(rebasing: buffer[done...]), to: target)
      } catch .badAddress {
        throw try fault(offset..<offset + buffer.count, of: region, attempt)
      } catch {
        throw ShmError(attempt, error)
      }
      done += copied
    }
  }

  /// Why a page could not be had: the region has become smaller, or the pool is empty.
  private func fault(
    _ range: Range<Int>, of region: borrowing Region, _ attempt: String
  ) throws(ShmError) -> ShmError {
    let size = try region.status().size
    if range.upperBound > size {
      return region.shrunk(attempt, to: size, wanted: range.upperBound)
    }
    return SpaceCheck(
      attempt: attempt, place: "its hugetlbfs", fileSystem: try region.fileSystem()
    ).refusal(range.count, errno: .noSpace)
  }
}
