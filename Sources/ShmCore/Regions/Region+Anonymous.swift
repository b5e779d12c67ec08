import CShm
import Glibc
import SystemPackage

extension Region {
  /// The pages of a region.
  public enum Pages: Hashable, Sendable {
    /// Pages of the ordinary size.
    case ordinary
    /// Huge pages of the pool, of a size in bytes; nil for the default size of the host.
    case huge(Int?)
  }

  /// Creates a region without a name: a memfd, which can be sealed and passed to other processes as a descriptor.
  /// memfd_create(2)
  ///
  /// - Parameters:
  ///   - label: the text that /proc shows for it, at most 249 bytes. It is not a name to open the region by.
  ///   - size: in bytes; with huge pages a multiple of the huge page size.
  ///   - pages: the kind of its pages.
  ///   - reserve: whether its memory is reserved now.
  ///   - mayExceedMemory: whether to reserve more than the memory of the machine or of a control group. The
  ///     kernel then ends the process, instead of an error here.
  /// - Returns: the region, open for reading and writing.
  /// - Throws: `ShmError`:
  ///   - `usage` for a size that is not positive, or a label that is too long or contains a NUL byte,
  ///   - `doesNotFit` if the size is not a multiple of the huge page size,
  ///   - `noSpace` if memory, a control group or the pool of huge pages has no room, or for a size that no process could
  ///     map,
  ///   - `notFound` if the host has no huge pages of that size.
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
      throw ShmError(.usage, attempt, "its label is longer than 249 bytes or contains a NUL byte")
    }
    // The flags contain the binary logarithm of the huge page size.
    let flags = page.map {
      cshm_MFD_HUGETLB | CUnsignedInt($0.trailingZeroBitCount) << cshm_MFD_HUGE_SHIFT
    }
    let descriptor: OwnedDescriptor
    do {
      descriptor = OwnedDescriptor(
        adopting: try SystemCall.checkNegated {
          unsafe label.withCString { unsafe cshm_memfd_create($0, flags ?? 0) }
        })
    } catch {
      throw ShmError(attempt, error)
    }
    let region = Region(
      .descriptor(process: getpid(), number: descriptor.raw), access: .readWrite,
      descriptor: descriptor)
    let check = SpaceCheck(
      attempt: attempt, place: "memory", site: .descriptor(region.rawDescriptor),
      mayBeSparse: false)
    if reserve { try check.require(size, mayExceedMemory: mayExceedMemory) }
    do throws(Errno) {
      try region.descriptor.truncate(to: size)
    } catch {
      throw ShmError(attempt, error)
    }
    if reserve {
      try Reservation.reserve(
        0..<size, of: region.descriptor, attempt: attempt, check: mayExceedMemory ? nil : check,
        explain: { check.refusal(size, errno: $0) }, progress: { _ in })
    }
    return region
  }
}
