package import Glibc

/// What a region is, whatever it is called: its device and its inode, or for a System V segment the IPC
/// namespace and the number of the segment.
///
/// Each IPC namespace counts its segments from 0, on one device: device and inode do not tell two
/// segments apart. ipc_namespaces(7)
///
/// ```swift
/// let region = try Region.open(RegionReference("cache"), access: .status)
/// let other = try Region.open(RegionReference("pid:1234:5"), access: .status)
/// let isSame = try region.status().identity == other.status().identity
/// ```
public struct RegionIdentity: Sendable {
  /// The number of the file system, as stat(2) gives it in `st_dev`; of a segment, 0 if unknown.
  public let device: UInt64
  /// The number of the file on it; of a segment its number.
  public let inode: UInt64
  /// The inode of the IPC namespace of a System V segment, 0 if that is unknown; nil for a file.
  public let namespace: UInt64?

  /// The identity of a file with these two numbers.
  public init(device: UInt64, inode: UInt64) {
    (self.device, self.inode, namespace) = (device, inode, nil)
  }

  /// The identity of a System V segment.
  ///
  /// - Parameters:
  ///   - segment: the number that shmget(2) gave.
  ///   - namespace: the inode of /proc/PID/ns/ipc of a process that has it attached.
  ///   - device: the device of its mappings, 0 if unknown. It is not compared.
  package init(segment: UInt64, namespace: UInt64, device: UInt64 = 0) {
    (self.device, inode, self.namespace) = (device, segment, namespace)
  }

  /// Of what stat(2) has looked at.
  package init(_ status: stat) {
    self.init(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
  }
}

extension RegionIdentity: Hashable {
  /// Whether both are one region.
  public static func == (one: Self, other: Self) -> Bool {
    one.inode == other.inode && one.namespace == other.namespace
      && (one.namespace != nil || one.device == other.device)
  }

  /// Hashes what is compared.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(inode)
    hasher.combine(namespace)
    if namespace == nil { hasher.combine(device) }
  }
}
