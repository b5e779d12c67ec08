import CShm
import Glibc
import SystemPackage

/// What the pages of a region are, counted without touching one. What cannot be known is nil.
struct PageFacts {
  /// The bytes in RAM that are valid. mincore(2)
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
    resident = try? Self.resident(
      Region(.file(path), access: .readOnly, descriptor: descriptor), size: Int(status.st_size))
  }

  /// What was reserved and never written is a hole to lseek(2), and not resident.
  private static func resident(_ region: consuming Region, size: Int) throws(ShmError) -> Int {
    guard size > 0 else { return 0 }
    let mapping = try Mapping(of: region, protection: .readOnly)
    var resident = 0
    var offset = 0
    let attempt = "cannot look at the pages of '\(region.reference)'"
    while offset < size {
      let start = try ShmError.saying(attempt) { () throws(Errno) in
        try region.descriptor.seek(cshm_SEEK_DATA, from: offset)
      }
      guard let start, start < size else { break }
      let end = try ShmError.saying(attempt) { () throws(Errno) in
        try region.descriptor.seek(cshm_SEEK_HOLE, from: start)
      }
      let part = start..<min(size, max(start + 1, end ?? size))
      resident += try mapping.residentBytes(in: part)
      offset = part.upperBound
    }
    return resident
  }
}
