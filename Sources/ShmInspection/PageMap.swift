public import ShmCore

/// The pages of a region, in runs of equal state from its first byte to its last.
///
/// The inspection touches nothing: no page is faulted in, written or marked as accessed.
///
/// ```swift
/// let region = try Region.open(RegionReference("cache"), access: .readOnly)
/// for run in try PageMap(of: region).runs { print(run.range, run.state) }
/// ```
public struct PageMap: Sendable {
  /// The state of a page.
  public enum State: String, Sendable, CaseIterable {
    /// Never allocated.
    case hole
    /// Set aside by fallocate(2) and never written since: memory is charged for it, and mincore(2)
    /// calls it not resident.
    case reserved
    /// In RAM and valid.
    case resident
    /// Paged out to swap.
    case swapped
    /// Not in RAM, but on the device below the file system.
    case onDevice = "on_device"
    /// The kernel does not say, or not to this caller.
    case unknown
  }

  /// Pages that follow one another and are alike.
  public struct Run: Hashable, Sendable {
    /// The bytes of the region, in whole pages.
    public let range: Range<Int>
    /// The state of the pages.
    public let state: State
    /// Whether a process has locked the pages; nil if unknown. It is also nil for pages of the huge page pool. They are
    /// never paged out, and Linux keeps no flag for them.
    public let isWired: Bool?
    /// Whether they are parts of huge pages; nil if unknown.
    public let isHuge: Bool?
    /// Whether they must still be written to their device; nil without a device, or if unknown.
    public let isDirty: Bool?
  }

  /// Physical frames that follow one another.
  public struct Frames: Hashable, Sendable {
    /// The bytes of the region that lie in them, in whole pages.
    public let range: Range<Int>
    /// The number of the first.
    public let first: UInt64
  }

  /// The runs, without a gap from 0 to the end of the last page.
  ///
  /// - Complexity: as many as the states change; a sparse region of any size has few.
  public let runs: [Run]
  /// The physical frames of the mapped pages, in the order of the region's bytes. They are present only on request, and
  /// if the process has permission to see frames.
  public let frames: [Frames]
  /// The size of a page in bytes.
  public let pageSize: Int
  /// The evidence for wired pages.
  public let wiredSource: WiredSource

  /// Whether there is a device below, that pages must be written to.
  private let hasDevice: Bool

  /// The evidence for wired pages.
  public enum WiredSource: String, Sendable {
    /// The kernel's flags of the physical frames, for locks of any process. Requires root.
    case frames
    /// The pages that are present in locked mappings of the processes that could be inspected.
    case mappings
    /// No evidence was collected.
    case none
  }

  /// Determines the state of each page of a region. mincore(2), lseek(2)
  ///
  /// - Parameters:
  ///   - region: open for reading.
  ///   - viewers: the processes that map it, which show wired pages, huge pages and frames; nil leaves these unknown.
  ///   - frames: whether the physical frames are looked up.
  /// - Throws: `ShmError`
  /// - Complexity: linear in the pages that have memory, whatever the size of the region.
  public init(
    of region: borrowing Region, seenBy viewers: RegionMappings? = nil, frames: Bool = false
  ) throws(ShmError) {
    let status = try region.status()
    let kind = try region.fileSystem().kind
    var scan = try PageStateScan(of: region, status, kind)
    scan.scan()
    let isPool = kind == .hugetlbfs
    let whole = RangeSet(0..<scan.end)
    let view = PageView(
      viewers, at: isPool ? whole : scan.inMemory,
      PageView.Question(
        pool: isPool, pageSize: status.pageSize, frames: frames,
        huge: Self.mayHaveHugePages(kind, viewers.map(\.host.memory) ?? .current())))
    let dirty = kind == .other ? scan.dirty() : nil
    let marks = PageMarks(
      wired: isPool
        ? PageMarks.Mark(isComplete: false)
        : PageMarks.Mark(bytes: view.wired, others: view.judged, isComplete: view.isWiredComplete),
      huge: isPool
        ? PageMarks.Mark(bytes: whole, isComplete: true)
        : PageMarks.Mark(bytes: view.huge, others: view.judged, isComplete: view.isHugeComplete),
      dirty: dirty.map { PageMarks.Mark(bytes: $0, isComplete: true) })
    self.frames = view.frames.sorted { $0.range.lowerBound < $1.range.lowerBound }
    hasDevice = kind == .other
    pageSize = status.pageSize
    wiredSource = isPool ? .none : view.source
    runs = marks.divide(scan.finished(mapped: view.present))
  }

  /// Whether the machine has any huge page that belongs to a file of that kind.
  private static func mayHaveHugePages(
    _ kind: MemoryFileSystem.Kind, _ memory: MemoryInformation?
  ) -> Bool {
    switch kind {
    case .tmpfs: return memory?["ShmemHugePages"] != 0
    case .other: return memory?["FileHugePages"] != 0
    case .hugetlbfs: return true
    case .ramfs: return false
    }
  }

  /// For tests, and for regions without a descriptor.
  package init(runs: [Run], pageSize: Int, wiredSource: WiredSource = .none) {
    self.runs = runs
    frames = []
    self.pageSize = pageSize
    hasDevice = false
    self.wiredSource = wiredSource
  }

  /// The bytes in one state; nil if some pages are unknown.
  ///
  /// - Complexity: linear in the runs.
  public func bytes(_ state: State) -> Int? {
    bytes(state, in: 0..<Int.max)
  }

  /// The bytes of a part of the region that are in one state.
  func bytes(_ state: State, in part: Range<Int>) -> Int? {
    var sum = 0
    for run in runs where run.range.overlaps(part) {
      if run.state == state { sum += run.range.clamped(to: part).count }
      if run.state == .unknown, state != .unknown { return nil }
    }
    return sum
  }

  /// The wired bytes; nil if unknown.
  public var wired: Int? { resident(where: \.isWired) }
  /// The bytes that are known to be wired. There may be more if `wired` is nil.
  public var wiredAtLeast: Int {
    runs.reduce(0) { $0 + ($1.isWired == true ? $1.range.count : 0) }
  }
  /// The bytes of huge pages; nil if unknown.
  public var huge: Int? { resident(where: \.isHuge) }
  /// The bytes that must still be written to their device; nil without a device.
  public var dirty: Int? { hasDevice ? resident(where: \.isDirty) : nil }

  private func resident(where property: KeyPath<Run, Bool?>) -> Int? {
    var sum = 0
    for run in runs where run.state == .resident || run.state == .unknown {
      guard run.state == .resident, let isSo = run[keyPath: property] else { return nil }
      if isSo { sum += run.range.count }
    }
    return sum
  }
}

extension PageMap.Run {
  package init(
    _ range: Range<Int>, _ state: PageMap.State, isWired: Bool? = false, isHuge: Bool? = false,
    isDirty: Bool? = nil
  ) {
    self.init(range: range, state: state, isWired: isWired, isHuge: isHuge, isDirty: isDirty)
  }

  /// This run and the next as one; nil if they differ.
  func joined(with next: Self) -> Self? {
    guard range.upperBound == next.range.lowerBound, state == next.state, isWired == next.isWired,
      isHuge == next.isHuge, isDirty == next.isDirty
    else { return nil }
    return Self(
      range.lowerBound..<next.range.upperBound, state, isWired: isWired, isHuge: isHuge,
      isDirty: isDirty)
  }
}
