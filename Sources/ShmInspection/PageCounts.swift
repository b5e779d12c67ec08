public import ShmCore

/// The pages of a region by their state, in bytes. Unknown values are nil, never 0.
///
/// ```swift
/// let region = try Region.open(RegionReference("cache"), access: .readOnly)
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
  /// Held wired by a process; nil also for huge pages of the pool, which are never paged out.
  public let wired: Int?
  /// Parts of huge pages.
  public let huge: Int?
  /// Dirty pages, not yet written to the device; nil without a device.
  public let dirty: Int?

  /// Counts the pages of a region by state, without faulting in pages.
  ///
  /// - Parameter region: open for reading. Values that the kernel does not report to the caller are nil.
  /// - Throws: `ShmError`
  /// - Complexity: linear in the pages that have memory.
  public init(of region: borrowing Region) throws(ShmError) {
    self.init(try PageMap(of: region), try region.status())
  }

  /// The sums of a map.
  ///
  /// - Parameters:
  ///   - map: the region's pages.
  ///   - status: the status of the same region at the same time.
  /// - Complexity: linear in the runs.
  package init(_ map: PageMap, _ status: RegionStatus) {
    allocated = status.allocated
    hole = map.bytes(.hole) ?? max(0, (map.runs.last?.range.upperBound ?? 0) - status.allocated)
    resident = map.bytes(.resident)
    swapped = map.bytes(.swapped)
    reserved = map.bytes(.reserved)
    wired = map.wired
    huge = map.huge
    dirty = map.dirty
  }
}
