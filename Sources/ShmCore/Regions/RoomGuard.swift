import CShm
import Glibc
import SystemPackage

/// Looks whether there is room before bytes are written to a file in memory. A write(2) or a store that
/// a control group or the machine has no memory for ends the process, without an error.
///
/// It looks rarely: what half of the room holds is written without a further look.
package struct RoomGuard {
  /// nil if there is nothing to look at.
  private let space: SpaceCheck?
  private let raw: CInt
  /// The bytes that may be written before the next look.
  private var allowance = 0

  /// - Parameters:
  ///   - raw: an open file, which outlives the guard.
  ///   - attempt: the words for errors.
  package init(_ raw: CInt, _ attempt: String) {
    self.raw = raw
    // A device's node may lie on a tmpfs, and takes nothing of it.
    let status =
      DescriptorKind.isRegular(raw) ? try? FileSystem.fileSystemStatus(ofDescriptor: raw) : nil
    switch status.map({ MemoryFileSystem($0).kind }) {
    case .tmpfs, .ramfs:
      space = SpaceCheck(
        attempt: attempt, place: "its file system", site: .descriptor(raw), mayBeSparse: false)
    // Pages of disks can be taken back, and huge pages are promised by mmap(2).
    default: space = nil
    }
  }

  /// The same with the words that a region has for its place.
  package init(_ region: borrowing Region, _ attempt: String) {
    raw = region.rawDescriptor
    let kind = (try? region.fileSystem())?.kind
    space = kind == .tmpfs || kind == .ramfs ? try? region.space(attempt, mayBeSparse: false) : nil
  }

  /// Throws if the bytes that have no memory yet have no room.
  ///
  /// - Parameters:
  ///   - range: what is to be written next, in bytes of the file.
  ///   - isPiece: whether it is a piece of an input of unknown length. The file is filled then as far as the
  ///     kernel allows: only limits that would end the process refuse beforehand.
  /// - Throws: `ShmError` of kind `noSpace` and the figures.
  package mutating func require(_ range: Range<Int>, isPiece: Bool = false) throws(ShmError) {
    guard let space, !range.isEmpty else { return }
    if range.count <= allowance {
      allowance -= range.count
      return
    }
    let missing = Self.missingBytes(raw, range)
    if missing > 0 { try look(missing, space, isPiece) }
  }

  /// The same for bytes that go where a descriptor stands.
  package mutating func require(next count: Int) throws(ShmError) {
    guard space != nil, count > 0 else { return }
    if count <= allowance {
      allowance -= count
      return
    }
    let isAppended = fcntl(raw, F_GETFL) & O_APPEND != 0
    let place = Int(lseek(raw, 0, isAppended ? SEEK_END : SEEK_CUR))
    guard place >= 0, place <= Int.max - count else { return }
    try require(place..<place + count)
  }

  private mutating func look(
    _ missing: Int, _ space: SpaceCheck, _ isPiece: Bool
  ) throws(ShmError) {
    let left = try space.left(after: missing) { !isPiece || $0.endsProcesses }
    allowance = min(left.map { $0 / 2 } ?? Int.max, 1 << 30)
  }

  /// The bytes of a range that have no memory yet, neither in RAM nor in swap.
  private static func missingBytes(_ raw: CInt, _ range: Range<Int>) -> Int {
    let pages = PageMath.outward(range)
    var statistics = cshm_cachestat()
    let result = unsafe cshm_cachestat(
      raw, UInt64(pages.lowerBound), UInt64(pages.count), &statistics)
    if result == 0 {
      let present = Int(clamping: statistics.cached + statistics.evicted)
        .multipliedReportingOverflow(by: PageMath.pageSize)
      return present.overflow ? 0 : max(0, pages.count - present.partialValue)
    }
    // An old kernel: at worst every hole lies in the range.
    guard let status = try? FileSystem.status(ofDescriptor: raw) else { return pages.count }
    let end = max(PageMath.lastEnd(of: Int(status.st_size)), pages.upperBound)
    return min(pages.count, max(0, end - Int(status.st_blocks) * 512))
  }
}
