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

  /// Opens the region for reading, for a moment.
  ///
  /// - Parameters:
  ///   - path: where it can be opened: a name, or a link of /proc.
  ///   - identity: which region it must be.
  ///   - isHuge: whether its pages come from a pool of huge ones.
  ///   - counts: whether pages are counted, which takes time.
  /// - Complexity: linear in the pages of its data where it counts; holes are passed over.
  init(_ path: FilePath, _ identity: RegionIdentity, isHuge: Bool, counts: Bool) {
    // A link of /proc is followed. What is there by now may be another file: a FIFO must not stop us.
    guard let descriptor = try? FileSystem.open(path, O_RDONLY | O_NONBLOCK),
      let status = try? descriptor.status(), RegionIdentity(status) == identity
    else { return }
    seals = (try? descriptor.seals()).map { Seals(numbers: $0) }
    guard counts else { return }
    if isHuge || status.st_blocks == 0 {
      // The pool's pages are never swapped, and are zeroed as they are allocated.
      (resident, swapped) = (Int(status.st_blocks) * 512, 0)
      return
    }
    // To others than these the kernel's answers are not true.
    guard status.st_uid == ProcessView.user || descriptor.mayWrite() else { return }
    swapped = (try? descriptor.cacheStatistics()).flatMap {
      Int(clamping: $0.evicted).multipliedReportingOverflow(by: PageMath.pageSize).partialValue
    }
    if let swapped, let data = try? Self.data(in: descriptor, size: Int(status.st_size)) {
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
      let start = try descriptor.seek(cshm_SEEK_DATA, from: offset), start < size
    {
      let end = try descriptor.seek(cshm_SEEK_HOLE, from: start) ?? size
      data += PageMath.outward(start..<max(start + 1, end)).count
      offset = max(start + 1, end)
    }
    return data
  }
}
