import CShm
import Glibc
import SystemPackage

extension Mapping {
  /// The bytes that wiring a part would charge to the memory limits. The call changes nothing.
  ///
  /// - Parameter part: offsets into the mapping, in bytes; nil for all of it.
  /// - Returns: whole pages; nothing for huge pages, which are promised by mmap(2). If the kernel does not
  ///   tell this caller which pages have memory, all of them count as missing.
  /// - Throws: `ShmError`
  /// - Complexity: linear in the pages.
  public func wiringDemand(in part: Range<Int>? = nil) throws(ShmError) -> WiringDemand {
    guard pageSize == PageMath.pageSize else { return WiringDemand() }
    let part = PageMath.outward(part ?? 0..<count, to: pageSize)
    let tables = WiringDemand.tables(of: part.count)
    guard sharing == .shared else { return WiringDemand(missing: part.count, tables: tables) }
    let present = presentBytes(in: part) ?? 0
    let isOnDisk = (try? descriptor.fileSystemStatus()).map { MemoryFileSystem($0).kind == .other }
    return WiringDemand(
      missing: part.count - present, cached: isOnDisk == false ? 0 : present, tables: tables)
  }

  /// The bytes that populating a part would charge. The call changes nothing.
  ///
  /// - Parameter part: offsets into the mapping, in bytes; nil for all of it.
  /// - Returns: bytes of the region that have no memory yet, and bytes of the process's own: the copies
  ///   that a private mapping makes, and the page tables, if these are more than room for pages leaves for
  ///   them. 0 for huge pages, which are promised by mmap(2), and for pages of files on disks, which the
  ///   kernel takes back.
  /// - Complexity: linear in the pages.
  package func populationDemand(in part: Range<Int>? = nil) -> (shared: Int, own: Int) {
    guard pageSize == PageMath.pageSize else { return (0, 0) }
    let part = PageMath.outward(part ?? 0..<count, to: pageSize)
    let isOnDisk = (try? descriptor.fileSystemStatus()).map { MemoryFileSystem($0).kind == .other }
    let copies =
      sharing == .private && protection == .readWrite
      ? part.count - ((try? copiedBytes(in: part)) ?? 0) : 0
    let shared = isOnDisk == true ? 0 : part.count - (presentBytes(in: part) ?? 0)
    let pages = shared &+ copies
    let left = MemoryCgroup.tables + pages / MemoryCgroup.overheadDivisor
    return (shared, copies &+ max(0, WiringDemand.tables(of: part.count) - left))
  }

  /// How many bytes of a part have memory; nil if the kernel does not tell this caller.
  private func presentBytes(in part: Range<Int>) -> Int? {
    let bytes = range.lowerBound + part.lowerBound..<range.lowerBound + part.upperBound
    if let statistics = try? descriptor.cacheStatistics(of: bytes) {
      let cached = Int(clamping: statistics.cached)
        .multipliedReportingOverflow(by: PageMath.pageSize).partialValue
      return min(part.count, max(0, cached))
    }
    guard let status = try? descriptor.status() else { return nil }
    // For a file that the caller neither owns nor may write, mincore(2) reports every page as resident.
    if status.st_uid == geteuid() || descriptor.mayWrite() {
      return sharing == .shared ? try? residentBytes(in: part) : nil
    }
    // If no swap is in use, all allocated pages are in RAM. In the worst case every hole is in this part.
    guard (try? descriptor.fileSystemStatus()).map({ MemoryFileSystem($0).kind == .tmpfs }) == true,
      let memory = MemoryInformation.current(), memory.swapTotal == memory.swapFree
    else { return nil }
    let holes = PageMath.lastEnd(of: Int(status.st_size)) - Int(status.st_blocks) * 512
    return max(0, part.count - max(0, holes))
  }
}
