import CShm
import Glibc
import SystemPackage

extension Region {
  /// What a region is made of.
  public enum Pages: Hashable, Sendable {
    /// The machine's pages.
    case ordinary
    /// Huge pages of the pool, of a size in bytes; nil for the machine's default.
    case huge(Int?)
  }

  /// Makes a region without a name: a memfd that can be sealed, and be handed on as a descriptor.
  /// memfd_create(2)
  ///
  /// - Parameters:
  ///   - label: what /proc shows for it; it names nothing. 249 bytes at most.
  ///   - size: in bytes; of huge pages a multiple of one.
  ///   - pages: what it is made of.
  ///   - reserve: whether its memory is set aside now.
  ///   - mayExceedMemory: whether more may be reserved than memory or a control group has: the kernel
  ///     ends the process then, instead of an error here.
  /// - Returns: the region, open for reading and writing.
  /// - Throws: `ShmError`: `usage`, `noSpace`, `notFound` where the machine has no such pages.
  public static func anonymous(
    _ label: String, size: Int, pages: Pages = .ordinary, reserve: Bool = true,
    mayExceedMemory: Bool = false
  ) throws(ShmError) -> Region {
    var attempt = "cannot create an anonymous region"
    var page: Int?
    if case .huge(let size) = pages {
      attempt += " of huge pages"
      page = try HugePageMount.pool(ofPageSize: size, attempt).pageSize
    }
    try RegionSize.check(size, pageSize: page ?? PageMath.pageSize, attempt)
    if label.utf8.count > 249 || label.utf8.contains(0) {
      throw ShmError(.usage, attempt, "its label must be 249 bytes at most, without NUL")
    }
    // The kernel is told the size of a huge page by its power of two.
    let flags = page.map {
      cshm_MFD_HUGETLB | CUnsignedInt($0.trailingZeroBitCount) << cshm_MFD_HUGE_SHIFT
    }
    let descriptor = try ShmError.saying(attempt) { () throws(Errno) in
      OwnedDescriptor(
        adopting: try SystemCall.checkNegated {
          unsafe label.withCString { unsafe cshm_memfd_create($0, flags ?? 0) }
        })
    }
    let region = Region(
      .descriptor(process: getpid(), number: descriptor.raw), access: .readWrite,
      descriptor: descriptor)
    let space = SpaceCheck(
      attempt: attempt, place: "memory", site: .descriptor(region.rawDescriptor),
      mayBeSparse: false)
    if reserve { try space.require(size, mayExceedMemory: mayExceedMemory) }
    try ShmError.saying(attempt) { () throws(Errno) in try region.descriptor.truncate(to: size) }
    if reserve {
      try Reservation.reserve(
        0..<size, of: region.descriptor, attempt: attempt, space: mayExceedMemory ? nil : space,
        explain: { space.refusal(size, errno: $0) }, progress: { _ in })
    }
    return region
  }
}
