public import ShmCore

/// Advice to the kernel about the pages of a region, with the page states before and afterwards. madvise(2)
///
/// ```swift
/// let region = try Region.open(RegionReference("cache"), access: .readOnly)
/// let done = try PageAdvice(.pageOut, on: region, range: 0..<(1 << 20))
/// print(done.before.resident ?? -1, done.after.resident ?? -1)
/// ```
public struct PageAdvice: Sendable {
  /// The pages of the range by their state, in bytes; nil if unknown.
  public struct Pages: Hashable, Sendable {
    /// The resident bytes; nil if unknown.
    public let resident: Int?
    /// The swapped bytes; nil if unknown.
    public let swapped: Int?

    init(_ map: PageMap, in range: Range<Int>) {
      resident = map.bytes(.resident, in: range)
      swapped = map.bytes(.swapped, in: range)
    }
  }

  /// The bytes of the region that were advised, in whole pages.
  public let range: Range<Int>
  /// The state before.
  public let before: Pages
  /// The state afterwards.
  public let after: Pages

  /// Advises the kernel about the pages of a range: resident pages for `cold` and `pageOut`, swapped pages for
  /// `willNeed`. It waits for the result.
  ///
  /// `cold` and `pageOut` concern resident pages. The kernel considers only pages in the page table of the caller, so
  /// the call maps them. The kernel skips wired pages and pages that other processes map. `willNeed` reads swapped
  /// pages into RAM. Holes stay holes.
  ///
  /// - Parameters:
  ///   - advice: `cold`, `pageOut` or `willNeed`; any other is given for the whole range.
  ///   - region: open for reading. Paging out requires its owner, or permission to write it.
  ///   - range: the bytes, extended to whole pages.
  ///   - progress: called with the number of bytes advised so far.
  /// - Throws: `ShmError`: `inputOutput` if the range exceeds the region, `noSpace` if RAM for swapped pages is missing,
  ///   `interrupted`; `system` if the kernel does not know the advice (Linux 5.4).
  /// - Complexity: linear in the pages that have memory.
  public init(
    _ advice: Mapping.Advice, on region: borrowing Region, range: Range<Int>,
    progress: (Int) -> Void = { _ in }
  ) throws(ShmError) {
    let status = try region.status()
    let pages = PageMath.outward(range, to: status.pageSize)
    let map = try PageMap(of: region)
    let mapping = try Mapping(
      of: region,
      range: pages.lowerBound..<min(pages.upperBound, max(range.upperBound, status.size)),
      protection: .readOnly)
    before = Pages(map, in: pages)
    for part in Self.parts(of: pages, advice, map) {
      progress(part.lowerBound - pages.lowerBound)
      try SignalMask.checkPending("cannot advise \(region.quoted)")
      let own = part.lowerBound - pages.lowerBound..<part.upperBound - pages.lowerBound
      // Resident pages take no memory, and are advised only while they are in this page table.
      if advice == .cold || advice == .pageOut {
        try mapping.populate(own, mayExceedMemory: true)
      }
      try mapping.advise(advice, in: own)
      // The advice only starts to read.
      if advice == .willNeed { try mapping.populate(own) }
    }
    progress(pages.count)
    self.range = pages
    after = Pages(try PageMap(of: region), in: pages)
  }

  /// The parts of `range` that an advice concerns, each in pieces that one call takes.
  private static func parts(
    of range: Range<Int>, _ advice: Mapping.Advice, _ map: PageMap
  ) -> [Range<Int>] {
    let state: PageMap.State? =
      switch advice {
      case .cold, .pageOut: .resident
      case .willNeed: .swapped
      default: nil
      }
    let concerned = map.runs.filter { state == nil || $0.state == state }
    return concerned.map { $0.range.clamped(to: range) }.filter { !$0.isEmpty }.flatMap { part in
      stride(from: part.lowerBound, to: part.upperBound, by: Mapping.chunk).map { start in
        start..<min(start + Mapping.chunk, part.upperBound)
      }
    }
  }
}
