import CShm
import Glibc
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
    guard counts || asksSwap || asksSeals, let path,
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
    if counts, let swapped, let data = try? Self.data(in: descriptor, size: Int(status.st_size)) {
      resident = max(0, data - swapped)
    }
  }

  /// The bytes in whole pages that were written, be they in RAM or swapped out: what was reserved and
  /// not written is a hole to lseek(2). It takes half the time of mincore(2), and maps nothing.
  private static func data(
    in descriptor: borrowing OwnedDescriptor, size: Int
  ) throws(Errno) -> Int {
    var data = 0
    var offset = 0
    while offset < size,
      let start = try descriptor.seek(.data, from: offset), start < size
    {
      let end = try descriptor.seek(.hole, from: start) ?? size
      data += PageMath.outward(start..<max(start + 1, end)).count
      offset = max(start + 1, end)
    }
    return data
  }
}
