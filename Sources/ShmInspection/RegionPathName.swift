import Glibc
package import ShmCore
import SystemPackage

/// The name of a region, derived from its path in /proc.
package enum RegionPathName {
  /// The name of a region by its kind, without the kernel's mark for an object that was never in a directory.
  ///
  /// - Parameters:
  ///   - path: the path from a descriptor's link or from maps.
  ///   - kind: the kind of the region.
  /// - Returns: the name; the path of a file, which may be marked; empty for anonymous memory.
  static func name(_ path: KernelPath, _ kind: RegionKind) -> [UInt8] {
    switch kind {
    case .posix, .semaphore: RegionKind.posixName(path.shown) ?? path.shown
    case .file: path.shown
    case .memfd: RegionKind.memfdName(path.withoutMark)
    case .anonymous: []
    case .systemV, .other: Array(path.withoutMark.drop { $0 == UInt8(ascii: "/") })
    }
  }

  /// A path, or its last component, without the mark. A removal renames a region before it unlinks it, and the
  /// kernel shows the last name: this returns the name before that.
  static func withoutMark(_ path: [UInt8]) -> [UInt8] {
    let shown = KernelPath(path)
    guard shown.isMarked else { return path }
    let bare = shown.withoutMark
    let start = bare.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0
    guard let name = RemovalName(parsing: Array(bare[start...]))?.original else { return bare }
    return bare[..<start] + name
  }

  /// The view in which a path leads to a region: that of this process, or of another process. chroot(2),
  /// mount_namespaces(7)
  ///
  /// - Returns: the reference; nil if neither way leads to that very region.
  package static func reference(
    _ path: [UInt8], _ identity: RegionIdentity, seenBy process: Int32
  ) -> RegionReference? {
    place(path, identity, seenBy: process).map { reference($0.path, isOwn: $0.isOwn) }
  }

  /// The reference of a path, which is of this process's own view, or goes by another process.
  static func reference(_ path: FilePath, isOwn: Bool) -> RegionReference {
    guard isOwn, let name = RegionKind.posixName(path.bytes),
      let valid = try? RegionName(bytes: name)
    else {
      return .file(path)
    }
    return .posix(valid)
  }

  /// The path that leads to exactly that region, in the view of this process or of another process.
  ///
  /// - Returns: the path, its status, and whether the path is valid in the view of this process; nil if no view leads
  ///   to the region.
  static func place(
    _ shown: [UInt8], _ identity: RegionIdentity, seenBy process: Int32
  ) -> (path: FilePath, status: stat, isOwn: Bool)? {
    for prefix in ["", "/proc/\(process)/root"] {
      for bytes in spellings(of: shown) {
        let path = FilePath(bytes: Array(prefix.utf8) + bytes)
        if let status = try? FileSystem.status(path), RegionIdentity(status) == identity {
          return (path, status, prefix.isEmpty)
        }
      }
    }
    return nil
  }

  /// The possible meanings of a path in maps. The kernel writes a line end as `\012`, and a backslash unchanged.
  private static func spellings(of path: [UInt8]) -> [[UInt8]] {
    let mark = Array("\\012".utf8)
    return path.contains(mark) ? [path.replacing(mark, with: [UInt8(ascii: "\n")]), path] : [path]
  }

  /// A path for messages: only the name of a POSIX object, without the mark of a removed file.
  package static func shown(_ path: [UInt8]) -> [UInt8] {
    let bare = withoutMark(path)
    return RegionKind.posixName(bare) ?? bare
  }
}
