import Glibc
import Synchronization
import SystemPackage

/// Checks the locked pages of this process in its page table: whether each page is present, and whether its frame is
/// marked as locked. proc_pid_pagemap(5)
///
/// The marks are only visible with permission to read /proc/kpageflags. The kernel often marks a page of a larger folio
/// only when it tries to reclaim it. Such a page counts as locked if its mapping is locked.
final class LockedFrames: Sendable {
  /// The findings.
  struct Count: Sendable {
    /// The bytes in the page table.
    var present = 0
    /// The bytes whose frames are marked, or belong to larger folios.
    var marked = 0
    /// The bytes that are not present, or not marked although they should be.
    var doubtful = RangeSet<Int>()
  }

  /// Whether the marks are visible.
  let seesMarks: Bool
  private let address: UInt
  private let part: Range<Int>
  private let table: OwnedDescriptor
  private let flags: FrameTable?
  private let owner = pthread_self()
  /// The end of the locked part, as an offset into the mapping. The locking thread stores it with release, and the
  /// checking thread loads it with acquire.
  private let ready: Atomic<Int>
  private let isOver = Atomic<Bool>(false)
  private let count = Mutex<(seen: Count, end: Int)>((Count(), 0))

  /// nil if the page table cannot be read, or if only the marks are wanted and cannot.
  ///
  /// - Parameters:
  ///   - pages: the mapping.
  ///   - part: offsets into it, in whole pages.
  ///   - needsMarks: whether it is of no use without the marks.
  init?(_ pages: borrowing OwnedPages, _ part: Range<Int>, needsMarks: Bool) {
    let flags = FrameTable()
    switch flags {
    case .some: seesMarks = true
    case nil: seesMarks = false
    }
    guard seesMarks || !needsMarks,
      let table = try? FileSystem.open("/proc/self/pagemap", O_RDONLY)
    else { return nil }
    self.flags = flags
    self.table = table
    address = pages.address
    self.part = part
    ready = Atomic(part.lowerBound)
    count.withLock { $0.end = part.lowerBound }
  }

  /// Publishes that the pages before an offset are locked.
  func advance(to end: Int) { ready.store(end, ordering: .releasing) }

  /// Publishes that no more pages will be locked.
  func finish() { isOver.store(true, ordering: .releasing) }

  /// Checks the pages in a second thread while the first thread locks them.
  func follow() {
    // Without a second thread, this thread checks all pages at the end.
    if pthread_equal(pthread_self(), owner) != 0 { return }
    while true {
      let isOver = isOver.load(ordering: .acquiring)
      look(upTo: ready.load(ordering: .acquiring))
      if isOver { return }
      Waiter.pause(.microseconds(200))
    }
  }

  /// Checks the rest.
  func look(upTo end: Int) {
    while let chunk = next(before: end) {
      let seen = look(at: chunk)
      count.withLock {
        $0.seen.present += seen.present
        $0.seen.marked += seen.marked
        for range in seen.doubtful.ranges { $0.seen.doubtful.insert(contentsOf: range) }
        $0.end = chunk.upperBound
      }
    }
  }

  /// The findings so far.
  var seen: Count { count.withLock { $0.seen } }

  private func next(before end: Int) -> Range<Int>? {
    let start = count.withLock { $0.end }
    // The number of entries of one read, which limits the memory for them and their frames.
    return start < end ? start..<min(end, start + 8192 * PageMath.pageSize) : nil
  }

  /// Checks a chunk.
  func look(at chunk: Range<Int>) -> Count {
    let size = PageMath.pageSize
    var found = Count()
    let words = table.words(
      from: UInt64(address + UInt(chunk.lowerBound)) / UInt64(size), count: chunk.count / size)
    func bytes(_ pages: Range<Int>) -> Range<Int> {
      chunk.lowerBound + pages.lowerBound * size..<chunk.lowerBound + pages.upperBound * size
    }
    var page = 0
    while page < words.count {
      let start = page
      let first = PagemapEntry(words[page])
      page += 1
      guard first.isPresent else {
        found.doubtful.insert(contentsOf: bytes(start..<page))
        continue
      }
      // Continues while the frames are consecutive, or while pages are present if the frames are not visible.
      while page < words.count, PagemapEntry(words[page]).isPresent,
        first.frame.map({ $0 + UInt64(page - start) }) == PagemapEntry(words[page]).frame
      {
        page += 1
      }
      found.present += (page - start) * size
      judge(start..<page, first.frame, &found, bytes)
    }
    if words.count * size < chunk.count {
      found.doubtful.insert(contentsOf: bytes(words.count..<chunk.count / size))
    }
    return found
  }

  private func judge(
    _ pages: Range<Int>, _ frame: UInt64?, _ found: inout Count, _ bytes: (Range<Int>) -> Range<Int>
  ) {
    guard seesMarks else { return }
    guard let frame else { return found.doubtful.insert(contentsOf: bytes(pages)) }
    let flags = marks(of: frame, count: pages.count)
    for index in pages.indices {
      let number = index - pages.lowerBound
      if number < flags.count, flags[number].isLocked || flags[number].isCompound {
        found.marked += PageMath.pageSize
      } else {
        found.doubtful.insert(contentsOf: bytes(index..<index + 1))
      }
    }
  }

  private func marks(of frame: UInt64, count: Int) -> [FrameFlags] {
    switch flags {
    case .some(let flags): flags.flags(of: frame, count: count)
    case nil: []
    }
  }
}

/// The locks of mappings, as the kernel reports them.
enum LockedMappings {
  /// Whether every mapping of the part is locked: the `lo` flag of /proc/self/smaps; nil if it cannot be read.
  /// proc_pid_smaps(5)
  ///
  /// - Complexity: linear in the pages that the process has mapped.
  static func cover(_ pages: borrowing OwnedPages, _ part: Range<Int>) -> Bool? {
    let wanted =
      (pages.address + UInt(part.lowerBound))..<(pages.address + UInt(part.upperBound))
    guard let text = try? FileSystem.contents(of: "/proc/self/smaps") else { return nil }
    return SmapsText.carriesLock(text, over: wanted)
  }
}
