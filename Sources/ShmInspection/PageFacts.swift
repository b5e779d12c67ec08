import CShm
import Glibc
import ShmCore
import SystemPackage

/// What the pages of a region are, counted without touching one. What cannot be known is nil.
struct PageFacts {
  /// The bytes in RAM that are valid. lseek(2)
  private(set) var resident: Int?
  /// The bytes that are swapped out. cachestat(2)
  private(set) var swapped: Int?
  /// Its seals. fcntl(2), `F_GET_SEALS`
  private(set) var seals: Seals?

  /// Finds out; the region is opened for reading, for a moment, only where it must be.
  ///
  /// - Parameters:
  ///   - entry: which region.
  ///   - path: where it can be opened: a name, or a link of /proc; nil where it cannot.
  ///   - wanted: what is asked for.
  ///   - isSwapUsed: whether anything of the host is swapped out.
  /// - Complexity: linear in the pages of its data where it counts; holes are passed over.
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
    // A link of /proc is followed. What is there by now may be another file: a FIFO must not stop us.
    // To open a region that is leased would break the lease.
    guard counts || asksSwap || asksSeals, let path,
      LeaseTable.current().holder(of: entry.identity) == nil,
      let descriptor = try? FileSystem.open(path, O_RDONLY | O_NONBLOCK),
      let status = try? descriptor.status(), RegionIdentity(status) == entry.identity
    else { return }
    if asksSeals { seals = (try? descriptor.seals()).map { Seals(numbers: $0) } }
    if asksSwap, status.st_uid == ProcessView.user || descriptor.mayWrite() {
      // To others than these the kernel does not tell.
      swapped = (try? descriptor.cacheStatistics()).flatMap {
        Int(clamping: $0.evicted).multipliedReportingOverflow(by: PageMath.pageSize).partialValue
      }
    }
    if counts, let swapped {
      // Half the time of mincore(2), and nothing is mapped: what was written is in RAM or in swap, and
      // what was reserved and not written is no data to lseek(2).
      var data = 0
      let end = PageMath.lastEnd(of: Int(status.st_size))
      PageStateScan.forEachData(in: descriptor, 0..<end) { data += $0.count }
      // Of the last page that an offset can name nothing is told.
      resident = end < Int(status.st_size) ? nil : max(0, data - swapped)
    }
  }
}
