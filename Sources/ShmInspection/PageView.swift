import CShm
import Glibc
import ShmCore
import SystemPackage

/// The wired pages, the huge pages and the frames of a region, from the page tables of the processes that map it.
///
/// Reading these page tables has no side effects. A mapping of this process would show a page only after touching it.
struct PageView {
  /// The requested information.
  struct Question {
    /// Whether the pages are from the pool of huge pages. Only page tables show which of these are allocated.
    let pool: Bool
    /// The size of a page in bytes.
    let pageSize: Int
    /// Whether the frame numbers are requested.
    let frames: Bool
    /// Whether the file system can have huge pages.
    let huge: Bool
  }

  /// The bytes that are wired.
  private(set) var wired = RangeSet<Int>()
  /// The bytes of huge pages.
  private(set) var huge = RangeSet<Int>()
  /// The bytes that are present in a page table.
  private(set) var present = RangeSet<Int>()
  /// The bytes whose frame flags were read.
  private(set) var judged = RangeSet<Int>()
  /// Runs of consecutive frames, with their bytes; not sorted.
  private(set) var frames: [PageMap.Frames] = []
  /// Whether `wired` has all wired pages.
  private(set) var isWiredComplete: Bool
  /// Whether `huge` has all huge pages.
  let isHugeComplete: Bool
  /// The source of `wired`.
  private(set) var source = PageMap.WiredSource.none

  private let question: Question

  /// Reads the page tables of the mappings for the bytes that are in RAM.
  init(_ viewers: RegionMappings?, at resident: RangeSet<Int>, _ question: Question) {
    self.question = question
    isWiredComplete = viewers?.hasEveryLock ?? resident.isEmpty
    isHugeComplete = question.pool || !question.huge
    guard let viewers else { return }
    viewers.host.withFrames { look(through: viewers, at: resident, &$0) }
  }

  private mutating func look(
    through viewers: RegionMappings, at resident: RangeSet<Int>, _ table: inout FrameTable?
  ) {
    source = table == nil ? .mappings : .frames
    for mapping in viewers.mappings {
      // Only a locked mapping locks a page. A lock by a process that cannot be inspected shows at the frame.
      let isAsked =
        question.frames || question.pool || isHugeAsked(mapping) || mapping.isLocked != false
        || (!viewers.hasEveryLock && table != nil)
      guard isAsked else { continue }
      guard
        let file = try? FileSystem.open(
          ProcessThreads.directory(of: mapping.process).appending("pagemap"), O_RDONLY)
      else {
        if ProcessView.owner(of: mapping.process) != nil { isWiredComplete = false }
        continue
      }
      look(through: mapping, file, at: resident, &table)
    }
  }

  private func isHugeAsked(_ mapping: RegionMapping) -> Bool {
    !isHugeComplete && (source == .frames || mapping.figures.map { $0.huge > 0 } ?? false)
  }

  private mutating func look(
    through mapping: RegionMapping, _ file: borrowing OwnedDescriptor, at resident: RangeSet<Int>,
    _ table: inout FrameTable?
  ) {
    let length = Int(clamping: mapping.map.addresses.upperBound - mapping.map.addresses.lowerBound)
    guard let start = Int(exactly: mapping.map.offset), start <= Int.max - length else { return }
    let seen = RangeSet(start..<start + length).intersection(resident)
    for range in seen.ranges {
      var offset = range.lowerBound
      while offset < range.upperBound {
        // The number of entries of one read, which limits the memory for them and their frames.
        let chunk = offset..<offset + min(8192 * PageMath.pageSize, range.upperBound - offset)
        guard let address = mapping.address(of: offset) else { break }
        if question.pool {
          lookAtPool(chunk, address, file)
        } else {
          look(at: chunk, address, file, mapping.isLocked, &table)
        }
        offset = chunk.upperBound
      }
      if isHugeAsked(mapping), source == .mappings {
        lookForHuge(range, mapping, file)
      }
    }
  }

  /// Reads the first entry of each page of the pool, which stands for the whole page.
  private mutating func lookAtPool(
    _ chunk: Range<Int>, _ address: UInt64, _ file: borrowing OwnedDescriptor
  ) {
    let size = question.pageSize
    for offset in stride(from: chunk.lowerBound, to: chunk.upperBound, by: size) {
      let index = (address + UInt64(offset - chunk.lowerBound)) / UInt64(PageMath.pageSize)
      guard let word = file.words(from: index, count: 1).first else { return }
      let entry = PagemapEntry(word)
      guard entry.isPresent, entry.isShared else { continue }
      let page = offset..<offset + size
      note(frame: entry.frame, at: page)
      present.insert(contentsOf: page)
    }
  }

  private mutating func look(
    at chunk: Range<Int>, _ address: UInt64, _ file: borrowing OwnedDescriptor, _ isLocked: Bool?,
    _ table: inout FrameTable?
  ) {
    let size = PageMath.pageSize
    let entries = file.words(from: address / UInt64(size), count: chunk.count / size)
      .map { PagemapEntry($0) }
    func bytes(_ pages: Range<Int>) -> Range<Int> {
      chunk.lowerBound + pages.lowerBound * size..<chunk.lowerBound + pages.upperBound * size
    }
    var page = 0
    while page < entries.count {
      let first = entries[page]
      let start = page
      page += 1
      guard first.isPresent, first.isShared else { continue }
      // Continues as long as the frames are consecutive, or to the end if they are not visible.
      while page < entries.count, entries[page].isPresent, entries[page].isShared,
        first.frame.map({ $0 + UInt64(page - start) }) == entries[page].frame
      {
        page += 1
      }
      note(frame: first.frame, at: bytes(start..<page))
      guard let frame = first.frame, table != nil,
        let flags = table?.flags(of: frame, count: page - start), flags.count == page - start
      else {
        if isLocked == true { wired.insert(contentsOf: bytes(start..<page)) }
        continue
      }
      judged.insert(contentsOf: bytes(start..<page))
      for (index, flag) in flags.enumerated() {
        let one = bytes(start + index..<start + index + 1)
        if flag.isLocked { wired.insert(contentsOf: one) }
        if table?.isHuge(frame + UInt64(index), flag) == true { huge.insert(contentsOf: one) }
      }
    }
  }

  private mutating func note(frame: UInt64?, at range: Range<Int>) {
    guard question.frames, let frame else { return }
    // Bytes that another mapping showed already are not added again.
    for new in RangeSet(range).subtracting(present).ranges {
      let distance = (new.lowerBound - range.lowerBound) / PageMath.pageSize
      frames.append(PageMap.Frames(range: new, first: frame + UInt64(distance)))
    }
    present.insert(contentsOf: range)
  }

  /// Finds the addresses that the process maps by huge pages, without frame numbers. PAGEMAP_SCAN of ioctl(2),
  /// Linux 6.7
  private mutating func lookForHuge(
    _ range: Range<Int>, _ mapping: RegionMapping, _ file: borrowing OwnedDescriptor
  ) {
    guard let address = mapping.address(of: range.lowerBound) else { return }
    var next = address
    let end = address + UInt64(range.count)
    while next < end {
      var found = cshm_page_range()
      let count = unsafe cshm_next_huge_pages(file.raw, next, end, &found)
      guard count > 0, found.end > next else { return }
      let lower = range.lowerBound + Int(clamping: found.start - address)
      huge.insert(contentsOf: lower..<lower + Int(clamping: found.end - found.start))
      next = found.end
    }
  }
}
