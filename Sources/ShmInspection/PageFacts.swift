import CShm
import Glibc
import ShmCore
import SystemPackage

/// The counts of a region's pages by state, without touching a page. Unknown values are nil.
struct PageFacts {
  /// The bytes in RAM that are valid. lseek(2)
  private(set) var resident: Int?
  /// The bytes that are swapped out. cachestat(2)
  private(set) var swapped: Int?
  /// Its seals. fcntl(2), `F_GET_SEALS`
  private(set) var seals: Seals?

  /// Counts the pages. The region is opened for reading for a short time, only if necessary.
  ///
  /// - Parameters:
  ///   - entry: the region.
  ///   - path: the path to open, a name or a link in /proc; nil if it cannot be opened.
  ///   - wanted: the requested facts.
  ///   - isSwapUsed: whether anything of the host is swapped out.
  /// - Complexity: linear in the pages with data; holes are skipped.
  init(
    _ entry: RegionInventory.Entry, _ path: FilePath?, _ wanted: RegionInventory.Facts,
    isSwapUsed: Bool
  ) {
    if entry.hasHugePages || entry.allocated == 0 {
      // The pool's pages are never swapped, and are zeroed as they are allocated.
      (resident, swapped) = (entry.allocated, 0)
    } else if !isSwapUsed {
      swapped = 0
    }
    let counts = wanted.contains(.residency) && resident == nil
    let asksSwap = (counts || wanted.contains(.swap)) && swapped == nil
    let asksSeals = wanted.contains(.seals) && entry.kind == .memfd
    // A link in /proc is followed. The file may have been replaced; opening a FIFO must not block.
    // Opening a leased region would break the lease.
    guard counts || asksSwap || asksSeals, let path,
      LeaseTable.current().holder(of: entry.identity) == nil,
      let descriptor = try? FileSystem.open(path, O_RDONLY | O_NONBLOCK),
      let status = try? descriptor.status(), RegionIdentity(status) == entry.identity
    else { return }
    if asksSeals { seals = (try? descriptor.seals()).map { Seals(numbers: $0) } }
    if asksSwap, status.st_uid == ProcessView.user || descriptor.mayWrite() {
      // The kernel does not report it to other users.
      swapped = (try? descriptor.cacheStatistics()).flatMap {
        Int(clamping: $0.evicted).multipliedReportingOverflow(by: PageMath.pageSize).partialValue
      }
    }
    if counts, let swapped {
      // This takes half the time of mincore(2) and needs no mapping. Written pages are in RAM or in swap, and lseek(2)
      // does not report reserved pages as data.
      var data = 0
      let end = PageMath.lastEnd(of: Int(status.st_size))
      PageStateScan.forEachData(in: descriptor, 0..<end) { data += $0.count }
      // The kernel reports nothing for the last page that an offset can address.
      resident = end < Int(status.st_size) ? nil : max(0, data - swapped)
    }
  }
}
