import CShm
import Glibc
import SystemPackage

extension Region {
  /// How a region is to be made.
  public struct CreationOptions: Sendable {
    /// The permission bits, exactly, whatever the umask.
    public var mode: UInt16
    /// Whether its memory is set aside now. A sparse region takes memory as it is touched, and a
    /// touch that finds none ends the process that touches.
    public var reserve: Bool
    /// Whether its pages are to be wired: swap does not count as room for them then.
    public var isWired = false
    /// Whether more may be reserved than the machine's memory or a control group has: the kernel ends
    /// the process then, instead of an error here.
    public var mayExceedMemory = false

    /// Reserved, and for its owner alone, unless said otherwise.
    public init(mode: UInt16 = 0o600, reserve: Bool = true) {
      self.mode = mode
      self.reserve = reserve
    }
  }

  /// Makes a new region and gives it its name last, when it is whole: nobody ever sees a part of
  /// one, and a process that is killed here leaves nothing.
  ///
  /// It is an unnamed file of the name's directory (`O_TMPFILE`), reserved and filled, and then
  /// linked to its name, which must be free. Where the file system or a sandbox refuses that, it
  /// is made under its name with no permission for anybody, and gets its mode last; killed in the
  /// middle of that, an object of mode 000 stays. open(2), linkat(2), shm_open(3), fallocate(2)
  ///
  /// - Parameters:
  ///   - reference: a POSIX name, or a path on tmpfs, hugetlbfs or ramfs.
  ///   - size: in bytes; on hugetlbfs a multiple of the huge page.
  ///   - options: mode and reservation.
  ///   - progress: called with the bytes reserved so far.
  ///   - contents: writes what the region is to hold when it appears.
  /// - Returns: the region, open for reading and writing.
  /// - Throws: `ShmError`: `exists`, `noSpace` with the figures, `notPermitted`, and what
  ///   `contents` throws; nothing is left then.
  /// - Complexity: linear in the size where memory is reserved.
  public static func create(
    _ reference: RegionReference, size: Int, options: CreationOptions = CreationOptions(),
    progress: (Int) -> Void = { _ in },
    contents: (borrowing Region) throws(ShmError) -> Void = { _ in }
  ) throws(ShmError) -> Region {
    let site = try CreationSite(reference)
    try site.check(size: size, options)
    if let region = try site.openUnnamed(size: size), site.canLink(region) {
      try site.build(region, size: size, options: options, progress: progress, contents: contents)
      try site.publish(region, size: size)
      return region
    }
    return try site.createNamed(
      size: size, options: options, progress: progress, contents: contents)
  }
}
