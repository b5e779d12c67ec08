import Glibc

/// What a region is, whatever it is called: its device and its inode.
///
/// ```swift
/// let isSame = try region.status().identity == other.status().identity
/// ```
public struct RegionIdentity: Hashable, Sendable {
  /// The number of the file system, as stat(2) gives it in `st_dev`.
  public let device: UInt64
  /// The number of the file on it.
  public let inode: UInt64

  /// The identity of what has these two numbers.
  public init(device: UInt64, inode: UInt64) {
    self.device = device
    self.inode = inode
  }

  /// Of what stat(2) has looked at.
  init(_ status: stat) {
    self.init(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
  }
}
