import CShm
import Glibc
import ShmCore
import SystemPackage

/// Reads which groups are charged for the pages of files, through /proc/kpagecgroup.
/// The kernel's document admin-guide/mm/pagemap
struct ChargeReader: ~Copyable {
  /// The groups that the numbers stand for.
  let groups = ChargedGroups()
  /// The number of a group for each physical frame.
  private let table: OwnedDescriptor
  /// The physical frames of this process's pages.
  private let pagemap: OwnedDescriptor

  /// How much is mapped at once, in bytes.
  private static let chunk = 32 << 20
  /// A fault for reading maps the pages around it as well, as far as they are in RAM, in bytes.
  private static let around = 64 << 10

  /// nil if frames or their groups may not be seen.
  init?() {
    guard FrameTable.mayBeSeen, let table = try? FileSystem.open("/proc/kpagecgroup", O_RDONLY),
      let pagemap = try? FileSystem.open("/proc/self/pagemap", O_RDONLY)
    else { return nil }
    self.table = table
    self.pagemap = pagemap
  }

  /// The bytes of a file's pages in RAM by control group; nil if they are unknown.
  func sums(_ raw: CInt) -> [UInt64: Int]? {
    guard let descriptor = try? OwnedDescriptor.duplicate(raw),
      let status = try? descriptor.status(),
      let kind = (try? descriptor.fileSystemStatus()).map({ MemoryFileSystem($0).kind }),
      kind != .hugetlbfs
    else { return nil }
    var sums: [UInt64: Int] = [:]
    var isWhole = true
    let end = PageMath.lastEnd(of: Int(status.st_size))
    PageStateScan.forEachData(in: descriptor, 0..<end) { data in
      var offset = PageMath.roundDown(data.lowerBound)
      let end = PageMath.roundUp(data.upperBound) ?? data.upperBound
      while offset < end, isWhole {
        let part = offset..<offset + min(Self.chunk, end - offset)
        isWhole = add(part, of: descriptor, to: &sums)
        offset = part.upperBound
      }
    }
    return isWhole ? sums : nil
  }

  /// Adds the pages of a part of the file; false if they cannot be mapped.
  private func add(
    _ part: Range<Int>, of descriptor: borrowing OwnedDescriptor, to sums: inout [UInt64: Int]
  ) -> Bool {
    let size = PageMath.pageSize
    guard
      let base = try? unsafe MemoryCalls.map(
        at: nil, length: part.count, protection: PROT_READ, flags: MAP_SHARED | MAP_NORESERVE,
        descriptor: descriptor.raw, offset: part.lowerBound)
    else { return false }
    let pages = unsafe OwnedPages(adopting: base, length: part.count)
    // With this advice the kernel reads nothing ahead, and does not count the use of the pages when they
    // are unmapped. Nothing of it goes into a core dump.
    try? unsafe MemoryCalls.advise(pages.buffer, MADV_RANDOM)
    try? unsafe MemoryCalls.advise(pages.buffer, MADV_DONTDUMP)
    var resident = [UInt8](repeating: 0, count: part.count / size)
    let isTold: Void? = try? unsafe resident.withUnsafeMutableBufferPointer {
      (vector) throws(Errno) in try unsafe MemoryCalls.residency(of: pages.buffer, into: vector)
    }
    guard isTold != nil else { return false }
    // Touching one page in each stretch maps its neighbours. The pages that are still missing are touched one by one.
    var entries = touch(pages, resident, every: Self.around / size)
    entries = touch(pages, resident, every: 1, entries)
    count(entries, resident, &sums)
    return true
  }

  /// Brings pages that are in RAM into this process's page table, by copying a byte of them.
  ///
  /// - Parameters:
  ///   - pages: the mapping.
  ///   - resident: which of them are in RAM.
  ///   - step: how many pages one touch is for.
  ///   - entries: the entries that the page table has already.
  /// - Returns: the entries of the page table afterwards.
  private func touch(
    _ pages: borrowing OwnedPages, _ resident: [UInt8], every step: Int,
    _ entries: [PagemapEntry] = []
  ) -> [PagemapEntry] {
    var byte: UInt8 = 0
    var page = 0
    while page < resident.count {
      let isThere = page < entries.count && entries[page].isPresent
      guard resident[page] & 1 == 1, !isThere else {
        page += 1
        continue
      }
      let offset = page * PageMath.pageSize
      // A page that is gone since is an error here.
      _ = try? unsafe withUnsafeMutableBytes(of: &byte) { (target) throws(Errno) -> Int in
        guard let start = target.baseAddress else { return 0 }
        return try unsafe MemoryCalls.copy(
          UnsafeRawBufferPointer(rebasing: pages.buffer[offset..<offset + 1]), to: start)
      }
      page = (page / step + 1) * step
    }
    return pagemap.words(
      from: UInt64(pages.address) / UInt64(PageMath.pageSize), count: resident.count
    ).map { PagemapEntry($0) }
  }

  /// Adds the pages by the groups of their frames; frames that follow one another are asked at once.
  private func count(_ entries: [PagemapEntry], _ resident: [UInt8], _ sums: inout [UInt64: Int]) {
    var page = 0
    while page < entries.count {
      guard resident[page] & 1 == 1, let first = entries[page].frame else {
        page += 1
        continue
      }
      let start = page
      while page < entries.count, entries[page].frame == first + UInt64(page - start) { page += 1 }
      for inode in table.words(from: first, count: page - start) {
        sums[inode, default: 0] += PageMath.pageSize
      }
    }
  }
}
