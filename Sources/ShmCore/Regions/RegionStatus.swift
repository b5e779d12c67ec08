package import Glibc
import SystemPackage

/// What fstat(2) says of a region at one moment.
///
/// ```swift
/// let region = try Region.open(RegionReference("cache"), access: .status)
/// let status = try region.status()
/// print(status.size, status.allocated, status.owner)
/// ```
public struct RegionStatus: Sendable {
  /// The identity of the region: device and inode.
  public internal(set) var identity: RegionIdentity
  /// Its length in bytes.
  public let size: Int
  /// The bytes that are charged as memory: reserved, written, or swapped out.
  public let allocated: Int
  /// The permission bits, without the type of the file.
  public let mode: FilePermissions
  /// The user who owns it.
  public let owner: UInt32
  /// The group that owns it.
  public let group: UInt32
  /// The number of its names: 0 for a memfd and for a removed region.
  public let links: Int
  /// The size of its pages in bytes: a huge page's on hugetlbfs.
  public let pageSize: Int
  /// When its contents were last modified, in seconds since 1970.
  public let modified: Int
  /// When it was created, in seconds since 1970; nil if the file system does not record it.
  public let created: Int?

  /// When its status was last changed, in seconds since 1970: by chmod(2), link(2), rename(2) and the
  /// like. It cannot be set.
  package let changed: Int

  /// When it was created or last written, whichever is later, in seconds since 1970. The age of a region counts
  /// from this time. The kernel does not record stores through a mapping.
  public var lastChange: Int { max(created ?? modified, modified) }

  package init(_ status: stat, created: Int?, pageSize: Int) {
    identity = RegionIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    size = Int(status.st_size)
    allocated = Int(status.st_blocks) * 512
    mode = FilePermissions(rawValue: status.st_mode & 0o7777)
    owner = status.st_uid
    group = status.st_gid
    links = Int(status.st_nlink)
    modified = Int(status.st_mtim.tv_sec)
    changed = Int(status.st_ctim.tv_sec)
    self.created = created
    self.pageSize = pageSize
  }

  /// The error for a range beyond the end of the region. The region may have been larger when the caller read its
  /// size.
  package func endsBefore(_ range: Range<Int>, _ attempt: String) -> ShmError {
    ShmError(
      .inputOutput, attempt,
      """
      the range ends at byte \(range.upperBound), but the region has \(size) bytes (another process may \
      have shrunk it)
      """)
  }

  /// The type of a file in words, by the `mode` of stat(2); nil for a regular file.
  package static func kindOfOther(_ mode: UInt32) -> String? {
    switch mode & S_IFMT {
    case S_IFREG: nil
    case S_IFDIR: "a directory"
    case S_IFLNK: "a symbolic link"
    case S_IFIFO: "a FIFO"
    case S_IFSOCK: "a socket"
    case S_IFCHR, S_IFBLK: "a device"
    default: "a file of unknown type"
    }
  }
}

extension RegionStatus {
  /// The status of a region without a file, such as a System V segment.
  package init(
    identity: RegionIdentity, size: Int, allocated: Int, mode: FilePermissions, owner: UInt32,
    group: UInt32,
    changed: Int, pageSize: Int
  ) {
    self.identity = identity
    self.size = size
    self.allocated = allocated
    self.mode = mode
    self.owner = owner
    self.group = group
    links = 0
    modified = changed
    self.changed = changed
    created = nil
    self.pageSize = pageSize
  }

  /// The same status with another identity: a segment's file does not have the segment's identity.
  package func identified(as identity: RegionIdentity) -> RegionStatus {
    var status = self
    status.identity = identity
    return status
  }
}
