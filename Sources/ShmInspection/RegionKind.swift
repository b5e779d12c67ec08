import ShmCore
import SystemPackage

/// The kind of a region, derived from the path that the kernel shows for an open region.
///
/// ```swift
/// print(RegionKind(path: Array("/memfd:frames (deleted)".utf8)))  // memfd
/// ```
public enum RegionKind: String, Sendable {
  /// A POSIX shared memory object: shm_open(3).
  case posix
  /// Memory without a name, open as a descriptor: memfd_create(2).
  case memfd
  /// A System V segment: shmget(2).
  case systemV = "sysv"
  /// Shared memory without a name and without a descriptor, inherited by fork(2).
  case anonymous
  /// A file with a name, on a tmpfs most often.
  case file

  /// - Parameter path: as /proc shows it, with ` (deleted)` after a removed name.
  public init(path: [UInt8]) {
    let mark = Array(" (deleted)".utf8)
    let isDeleted = path.suffix(mark.count) == mark[...]
    func begins(_ prefix: String) -> Bool { path.starts(with: prefix.utf8) }
    // These the kernel has made up itself: no directory holds them.
    if isDeleted, begins("/memfd:") {
      self = .memfd
    } else if isDeleted, begins("/SYSV"), !path.dropFirst().contains(UInt8(ascii: "/")) {
      self = .systemV
    } else if isDeleted, begins("/dev/zero") || begins("/anon_hugepage") {
      self = .anonymous
    } else if begins("\(RegionName.directory)/"),
      !path.dropFirst(RegionName.directory.string.utf8.count + 1).contains(UInt8(ascii: "/"))
    {
      self = .posix
    } else {
      self = .file
    }
  }
}
