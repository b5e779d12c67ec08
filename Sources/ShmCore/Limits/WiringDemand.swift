/// What wiring some pages needs of the limits on memory.
///
/// ```swift
/// let region = try Region.open(RegionReference("cache"), access: .readOnly)
/// let mapping = try Mapping(of: region, protection: .readOnly)
/// let demand = try mapping.wiringDemand()
/// if let refusal = try WiringLimits.current().verdict.refusing(demand) {
///   print(refusal.candidate.bound, refusal.needed)
/// }
/// ```
public struct WiringDemand: Hashable, Sendable {
  /// The bytes that have no memory yet.
  public var missing: Int
  /// The bytes that have memory which the kernel could take back now and could not afterwards: the page
  /// cache of files on disks. The kernel counts them as available, and they are the pages themselves.
  public var cached: Int
  /// The bytes of page tables that map the pages, whether these have memory or not. They are charged to the
  /// control group of the process that maps them.
  public var tables: Int

  /// Pages of both kinds and their tables, in bytes.
  public init(missing: Int = 0, cached: Int = 0, tables: Int = 0) {
    self.missing = missing
    self.cached = cached
    self.tables = tables
  }

  /// The bytes of page tables for a mapping of ordinary pages: an entry of 8 bytes for each page, in tables
  /// of a page, of which the first and the last may be shared with nothing else.
  static func tables(of mapped: Int) -> Int {
    let page = PageMath.pageSize
    return mapped > 0 ? (PageMath.roundUp(mapped / (page / 8)) ?? mapped) + page : 0
  }

  /// The sum of two demands.
  public static func + (left: WiringDemand, right: WiringDemand) -> WiringDemand {
    WiringDemand(
      missing: left.missing &+ max(0, right.missing), cached: left.cached &+ max(0, right.cached),
      tables: left.tables &+ max(0, right.tables))
  }

  /// The demand on a limit in bytes. Cached pages may be charged to another group. At most the cached pages that are
  /// charged to this limit count as already charged.
  package func bytes(of candidate: WiringVerdict.Candidate) -> Int {
    let pages = missing &+ min(cached, candidate.reclaimable)
    // The room for pages already excludes their page tables; see `MemoryCgroup.room`.
    let left = MemoryCgroup.tables + pages / MemoryCgroup.overheadDivisor
    return pages &+ max(0, tables - left)
  }
}
