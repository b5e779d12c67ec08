import CShm
import Glibc
import SystemPackage

/// The pages of a region by their state, in bytes. What cannot be known is nil, never 0.
///
/// ```swift
/// let pages = try PageCounts(of: region)
/// print(pages.resident ?? -1, pages.hole)
/// ```
public struct PageCounts: Hashable, Sendable {
  /// Memory is charged for these: reserved, resident or swapped.
  public let allocated: Int
  /// In RAM and valid. mincore(2)
  public let resident: Int?
  /// Paged out to swap. cachestat(2), Linux 6.5
  public let swapped: Int?
  /// Set aside by fallocate(2) and never written since.
  public let reserved: Int?
  /// Never allocated.
  public let hole: Int

  /// Counts; nothing is faulted in, and nothing changes.
  ///
  /// - Parameter region: open for reading. Where the caller may neither write it nor owns it, the
  ///   kernel's answers are not true, and the counts are nil.
  /// - Throws: `ShmError`
  /// - Complexity: linear in the pages.
  public init(of region: borrowing Region) throws(ShmError) {
    let status = try region.status()
    let fileSystem = try region.fileSystem()
    let whole = PageMath.roundUp(status.size, to: status.pageSize) ?? status.size
    allocated = status.allocated
    hole = max(0, whole - status.allocated)
    guard status.size > 0, region.mayLookAtPages(status) else {
      resident = status.size == 0 ? 0 : nil
      swapped = resident
      reserved = resident
      return
    }
    if fileSystem.kind == .hugetlbfs {
      // The pool's pages are never swapped, and are zeroed as they are allocated.
      (resident, swapped, reserved) = (status.allocated, 0, 0)
      return
    }
    // A sandbox may refuse to tell.
    let resident = try? Mapping(of: region, protection: .readOnly).residentBytes()
    let statistics = try? region.descriptor.cacheStatistics()
    let swapped = statistics.flatMap {
      Int(clamping: $0.evicted).multipliedReportingOverflow(by: PageMath.pageSize).partialValue
    }
    self.resident = resident
    self.swapped = fileSystem.kind == .tmpfs ? swapped : nil
    if let resident, let swapped = self.swapped {
      reserved = max(0, status.allocated - resident - swapped)
    } else {
      reserved = nil
    }
  }
}

extension Region {
  /// Whether mincore and cachestat tell the truth: to those who own the region or may write it.
  fileprivate func mayLookAtPages(_ status: RegionStatus) -> Bool {
    guard access != .status else { return false }
    return access == .readWrite || status.owner == geteuid() || descriptor.mayWrite()
  }
}
