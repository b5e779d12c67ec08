import CShm
import Glibc
import SystemPackage

extension Region {
  /// Options for the creation of a region.
  public struct CreationOptions: Sendable {
    /// The permission bits, regardless of the umask.
    public var mode: FilePermissions
    /// Whether its memory is reserved now. A sparse region takes memory when a page is first touched. If no
    /// memory is left then, SIGBUS ends the process.
    public var reserve: Bool
    /// Whether its pages will be wired. If so, swap space does not count as available.
    public var isWired = false
    /// Whether to reserve more than the memory of the machine or of a control group. The kernel then ends the
    /// process, instead of an error here.
    public var mayExceedMemory = false

    /// Options of a region with reserved memory that only its owner can open, unless specified otherwise.
    public init(mode: FilePermissions = .ownerReadWrite, reserve: Bool = true) {
      self.mode = mode
      self.reserve = reserve
    }
  }

  /// Creates a region, which becomes visible only when it is complete. A process that is killed in this call
  /// leaves no region.
  ///
  /// The function creates a file without a name in the target directory (`O_TMPFILE`), reserves and fills it, and
  /// links it to its name, which must not exist. If the file system or a sandbox does not support this, the
  /// function creates the region under its name with mode 000 and sets the mode last. A process that is killed
  /// during this second way leaves an object of mode 000. open(2), linkat(2), shm_open(3), fallocate(2)
  ///
  /// - Parameters:
  ///   - reference: a POSIX name, or a path on tmpfs, hugetlbfs or ramfs.
  ///   - size: in bytes; on hugetlbfs a multiple of the huge page.
  ///   - options: mode and reservation.
  ///   - progress: called with the bytes reserved so far.
  ///   - contents: writes the initial contents of the region.
  /// - Returns: the region, open for reading and writing.
  /// - Throws: `ShmError`: `exists`, `noSpace` with the figures, `notPermitted`, and the errors of
  ///   `contents`. No region is left after an error.
  /// - Complexity: linear in the size if memory is reserved.
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
