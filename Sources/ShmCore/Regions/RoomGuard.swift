import CShm
import Glibc
import SystemPackage

/// Checks the available room before bytes are written to a file in memory. If a control group or the machine
/// lacks memory for a write(2) or a store, the kernel ends the process without an error.
///
/// The checks are rare: half of the available room is written without another check.
package struct RoomGuard {
  /// The check; nil if the file needs no check.
  private let check: SpaceCheck?
  private let raw: CInt
  /// The size of a huge page of a hugetlbfs, whose pages are reserved by a mapping; nil for other files.
  private let hugePage: Int?
  /// The bytes that can be written before the next check.
  private var allowance = 0

  /// - Parameters:
  ///   - raw: an open file, which outlives the guard.
  ///   - attempt: the words for errors.
  package init(_ raw: CInt, _ attempt: String) {
    self.raw = raw
    hugePage = nil
    // A device node can lie on a tmpfs, but its data takes no memory there.
    let status =
      DescriptorKind.isRegular(raw) ? try? FileSystem.fileSystemStatus(ofDescriptor: raw) : nil
    switch status.map({ MemoryFileSystem($0).kind }) {
    case .tmpfs, .ramfs:
      check = SpaceCheck(
        attempt: attempt, place: "its file system", site: .descriptor(raw), mayBeSparse: false)
    // The kernel can reclaim pages of files on disks, and there is no write(2) on hugetlbfs.
    default: check = nil
    }
  }

  /// Creates a guard for a region, whose directory appears in errors.
  package init(_ region: borrowing Region, _ attempt: String) {
    raw = region.rawDescriptor
    let kind = (try? region.fileSystem())?.kind
    check = kind != .other ? try? region.spaceCheck(attempt, mayBeSparse: false) : nil
    hugePage = kind == .hugetlbfs ? (try? region.status())?.pageSize : nil
  }

  /// Throws if there is no room for the bytes that have no memory yet.
  ///
  /// - Parameters:
  ///   - range: the bytes of the file that are written next.
  ///   - isPiece: whether it is a piece of an input of unknown length. The file is then filled as far as the
  ///     kernel allows. Only limits at which the kernel ends the process are checked in advance.
  /// - Throws: `ShmError` of kind `noSpace` and the figures.
  package mutating func require(_ range: Range<Int>, isPiece: Bool = false) throws(ShmError) {
    guard let check, !range.isEmpty else { return }
    if let hugePage {
      if !isPiece { try reserve([range], ofSize: hugePage, check) }
      return
    }
    if range.count <= allowance {
      allowance -= range.count
      return
    }
    let missing = Self.missingBytes(raw, range)
    if missing > 0 { try look(missing, check, isPiece) }
  }

  /// The same check for several ranges together.
  package mutating func require(_ parts: [Range<Int>]) throws(ShmError) {
    guard let check else { return }
    if let hugePage { return try reserve(parts, ofSize: hugePage, check) }
    let missing = parts.reduce(0) { (sum, part) in
      let (total, overflow) = sum.addingReportingOverflow(Self.missingBytes(raw, part))
      return overflow ? .max : total
    }
    if missing > 0 { try look(missing, check, false) }
  }

  /// The same check for bytes at the current offset of the descriptor.
  package mutating func require(next count: Int) throws(ShmError) {
    guard check != nil, count > 0 else { return }
    if count <= allowance {
      allowance -= count
      return
    }
    let isAppended = fcntl(raw, F_GETFL) & O_APPEND != 0
    let place = Int(lseek(raw, 0, isAppended ? SEEK_END : SEEK_CUR))
    guard place >= 0, place <= Int.max - count else { return }
    try require(place..<place + count)
  }

  /// Reserves the huge pages of `parts`. The reservation belongs to the file and outlasts the mapping. mmap(2)
  private func reserve(
    _ parts: [Range<Int>], ofSize page: Int, _ check: SpaceCheck
  ) throws(ShmError) {
    for part in parts where !part.isEmpty {
      let start = PageMath.roundDown(part.lowerBound, to: page)
      guard let end = PageMath.roundUp(part.upperBound, to: page) else { return }
      do throws(Errno) {
        let base = try unsafe MemoryCalls.map(
          at: nil, length: end - start, protection: PROT_READ | PROT_WRITE, flags: MAP_SHARED,
          descriptor: raw, offset: start)
        _ = unsafe OwnedPages(adopting: base, length: end - start)
      } catch .noMemory {
        throw check.refusal(parts.reduce(0) { $0 + $1.count }, errno: .noMemory)
      } catch {
        // The write reports every other error.
        return
      }
    }
  }

  private mutating func look(
    _ missing: Int, _ check: SpaceCheck, _ isPiece: Bool
  ) throws(ShmError) {
    let left = try check.left(after: missing) { !isPiece || $0.endsProcesses }
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
    // On a kernel without cachestat(2), assume that every hole lies in the range.
    guard let status = try? FileSystem.status(ofDescriptor: raw) else { return pages.count }
    let end = max(PageMath.lastEnd(of: Int(status.st_size)), pages.upperBound)
    return min(pages.count, max(0, end - Int(status.st_blocks) * 512))
  }
}
