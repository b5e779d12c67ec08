import CShm
import Glibc
import ShmCore
import SystemPackage

/// Finds the state of each page of a region, in runs of pages, without touching a page.
///
/// lseek(2) separates written pages from unwritten pages. For unwritten pages cachestat(2) separates reserved pages
/// from holes. For written pages mincore(2) reports residency; it is called only if no total answers the question.
struct PageStateScan: ~Copyable {
  /// A run of pages in the same state; nil for pages that were never written and may be reserved.
  typealias Part = (range: Range<Int>, state: PageMap.State?)

  private var parts: [Part] = []
  let descriptor: OwnedDescriptor
  private let kind: MemoryFileSystem.Kind
  private let allocated: Int
  /// The end of the last whole page that an offset can address.
  let end: Int
  /// The part after that: an incomplete page at the largest possible size of a file; usually empty.
  private let tail: Range<Int>
  let pageSize: Int
  /// Whether mincore(2) reports the actual residency to this caller.
  private let mayAskResidency: Bool
  /// Whether no page of the region is in swap.
  private let isSwapUnused: Bool

  init(
    of region: borrowing Region, _ status: RegionStatus, _ kind: MemoryFileSystem.Kind
  ) throws(ShmError) {
    do {
      descriptor = try region.descriptor.duplicate()
    } catch {
      throw ShmError("cannot inspect the pages of \(region.quoted)", error)
    }
    self.kind = kind
    allocated = status.allocated
    pageSize = status.pageSize
    end = PageMath.lastEnd(of: status.size, to: status.pageSize)
    tail = end..<max(end, status.size)
    mayAskResidency = region.mayLookAtPages(status)
    isSwapUnused = kind == .tmpfs && SwapUse.bytes(of: descriptor, size: end) == 0
  }

  /// Finds the state of every page.
  mutating func scan() {
    scanPages()
    // The tail cannot be mapped or counted, and lseek finds no data in it.
    add(tail, allocated == 0 ? .hole : .unknown)
  }

  private mutating func scanPages() {
    switch kind {
    // Pages of the pool are in RAM from their allocation on.
    case .hugetlbfs: add(0..<end, allocated == 0 ? .hole : allocated >= end ? .resident : nil)
    case .ramfs: look(at: 0..<end, .resident, otherwise: .hole)
    case .tmpfs, .other:
      var offset = scanHead()
      while offset < end {
        // If the region was shrunk in the meantime, the rest counts as unwritten.
        let start = next(.data, from: offset)
        if start > offset { scanUnwritten(offset..<start) }
        guard start < end else { return }
        offset = max(next(.hole, from: start), start + pageSize)
        scanWritten(start..<offset)
      }
    }
  }

  /// The bytes that are in RAM or may be in RAM.
  var inMemory: RangeSet<Int> {
    var ranges = RangeSet<Int>()
    for part in parts where part.state == .resident || part.state == .unknown {
      ranges.insert(contentsOf: part.range)
    }
    return ranges
  }

  /// The runs.
  ///
  /// - Parameter mapped: the bytes that are present in the page table of a process.
  /// - Returns: from the first page to the last, without a gap.
  consuming func finished(mapped: RangeSet<Int>) -> [(range: Range<Int>, state: PageMap.State)] {
    // Pages of the pool are only visible through the processes that map them.
    if kind == .hugetlbfs, !mapped.isEmpty {
      let undecided = parts.filter { $0.state == nil }
      guard !undecided.isEmpty else { return parts.map { ($0.range, $0.state ?? .unknown) } }
      var all: [Part] = mapped.intersection(RangeSet(0..<end)).ranges.map { ($0, .resident) }
      all += RangeSet(0..<end).subtracting(mapped).ranges.map { ($0, nil) }
      parts = all.sorted { $0.range.lowerBound < $1.range.lowerBound }
    }
    let known = parts.reduce(0) { $0 + ($1.state == nil ? 0 : $1.range.count) }
    // The total of the file is sufficient if all pages are in one state.
    let rest: PageMap.State =
      allocated <= known ? .hole : allocated >= end && kind == .tmpfs ? .reserved : .unknown
    return parts.map { ($0.range, $0.state ?? rest) }
  }

  /// Which bytes must still be written to the device; nil if the kernel does not report it.
  func dirty() -> RangeSet<Int>? {
    var dirty = RangeSet<Int>()
    for part in parts where part.state == .resident {
      let isKnown = divide(part.range, by: { $0.dirty + $0.writeback }) { range, isDirty in
        if isDirty { dirty.insert(contentsOf: range) }
      }
      if !isKnown { return nil }
    }
    return dirty
  }

  /// Scans a large region that is nearly all in RAM with all processors, see `PageSurvey`.
  ///
  /// - Returns: the end of the scanned part.
  private mutating func scanHead() -> Int {
    // If no swap is in use, pages that are not resident were never written.
    guard isSwapUnused, mayAskResidency, end >= 4 * Mapping.chunk, allocated / 3 >= end / 4,
      Threads.processors > 1
    else { return 0 }
    // Reserved memory without data needs one pass. With data in the first pages, this call takes no time.
    if next(.data, from: 0) == end {
      scanUnwritten(0..<end)
      return end
    }
    guard let survey = PageSurvey(of: descriptor, end: end) else { return 0 }
    let (residency, data) = survey.run()
    for (range, isIn) in residency {
      switch isIn {
      case true?: add(range, .resident)
      case false?: scanUnwritten(range)
      case nil: add(range, .unknown)
      }
    }
    var offset = survey.head
    for range in data {
      if range.lowerBound > offset { scanUnwritten(offset..<range.lowerBound) }
      scanWritten(range)
      offset = range.upperBound
    }
    if offset < end { scanUnwritten(offset..<end) }
    return end
  }

  private mutating func scanWritten(_ range: Range<Int>) {
    guard kind == .tmpfs else { return look(at: range, .resident, otherwise: .onDevice) }
    if isSwapUnused || statistics(of: range)?.evicted == 0 { return add(range, .resident) }
    look(at: range, .resident, otherwise: .swapped)
  }

  /// Unwritten pages: on tmpfs every page with memory is reserved. On a device such a page was read.
  private mutating func scanUnwritten(_ range: Range<Int>) {
    guard kind == .tmpfs else { return look(at: range, .resident, otherwise: .hole) }
    // If nothing is written and everything allocated, a second pass over the pages is not needed.
    if range == 0..<end, allocated >= end { return add(range, .reserved) }
    var found: [Part] = []
    if divide(range, by: \.cached, { found.append(($0, $1 ? .reserved : .hole)) }) {
      for part in found { add(part.range, part.state) }
    } else {
      add(range, nil)
    }
  }

  /// Adds resident pages with one state, and the other pages with the other state.
  private mutating func look(
    at range: Range<Int>, _ present: PageMap.State, otherwise absent: PageMap.State
  ) {
    guard mayAskResidency else { return add(range, .unknown) }
    if absent != .swapped, statistics(of: range)?.cached == 0 { return add(range, absent) }
    var offset = range.lowerBound
    while offset < range.upperBound {
      let chunk = offset..<offset + min(Mapping.chunk, range.upperBound - offset)
      offset = chunk.upperBound
      do throws(Errno) {
        let residency = try PageResidency(of: descriptor, chunk)
        residency.forEachRun { add($0, $1 ? present : absent) }
      } catch {
        add(chunk, .unknown)
      }
    }
  }

  /// The start of the next data or hole, aligned to a page; the end if there is no other.
  private func next(_ sought: OwnedDescriptor.Sought, from offset: Int) -> Int {
    Self.next(sought, from: offset, in: descriptor, end: end)
  }

  static func next(
    _ sought: OwnedDescriptor.Sought, from offset: Int, in file: borrowing OwnedDescriptor, end: Int
  ) -> Int {
    do throws(Errno) {
      guard let found = try file.seek(sought, from: offset) else { return end }
      // A partly written page counts as written, and the last page is extended to its end.
      let page = PageMath.roundDown(found)
      return min(end, sought == .hole && page < found ? page + PageMath.pageSize : page)
    } catch {
      // A file system that does not support this: everything counts as data.
      return sought == .data ? offset : end
    }
  }

  /// Calls `body` with each written range of a part of a file, in order, in whole pages.
  static func forEachData(
    in file: borrowing OwnedDescriptor, _ part: Range<Int>, _ body: (Range<Int>) -> Void
  ) {
    var offset = part.lowerBound
    while offset < part.upperBound {
      let start = next(.data, from: offset, in: file, end: part.upperBound)
      guard start < part.upperBound else { return }
      offset = max(
        next(.hole, from: start, in: file, end: part.upperBound), start + PageMath.pageSize)
      body(start..<offset)
    }
  }

  private mutating func add(_ range: Range<Int>, _ state: PageMap.State?) {
    guard !range.isEmpty else { return }
    if let last = parts.last, last.state == state, last.range.upperBound == range.lowerBound {
      parts[parts.count - 1].range = last.range.lowerBound..<range.upperBound
    } else {
      parts.append((range, state))
    }
  }
}

extension Region {
  /// Whether mincore and cachestat report actual values: only if the caller owns the region or may write it.
  func mayLookAtPages(_ status: RegionStatus) -> Bool {
    guard access != .status else { return false }
    return access == .readWrite || status.owner == geteuid() || descriptor.mayWrite()
  }
}
