import Glibc
package import ShmCore
import SystemPackage

/// The kind and name of a region, derived from its path in /proc.
package enum RegionPathName {
  private static let removed = Array(" (deleted)".utf8)
  private static let memfd = Array("/memfd:".utf8)
  private static let posix = Array("\(RegionName.directory)/".utf8)

  /// The kind and the name, without the mark of what has no name.
  ///
  /// - Parameters:
  ///   - path: as maps and the links of fd show it.
  ///   - isHidden: whether it lies on a file system that is mounted nowhere.
  /// - Returns: the kind and the name.
  static func classify(
    _ path: [UInt8], isHidden: Bool
  ) -> (kind: RegionInventory.Entry.Kind, name: [UInt8]) {
    guard isHidden || path.starts(with: memfd) else {
      let name = posixName(path)
      return name.map { (RegionInventory.Entry.kind(ofPosix: $0), $0) } ?? (.file, path)
    }
    let bare = withoutMark(path)
    if bare.starts(with: memfd) { return (.memfd, Array(bare.dropFirst(memfd.count))) }
    if bare.elementsEqual("/dev/zero".utf8) || bare.elementsEqual("/anon_hugepage".utf8) {
      return (.anonymous, [])
    }
    return (.other, Array(bare.drop { $0 == UInt8(ascii: "/") }))
  }

  /// The name of a POSIX object; nil for another path.
  static func posixName(_ path: [UInt8]) -> [UInt8]? {
    guard path.starts(with: posix) else { return nil }
    let name = path.dropFirst(posix.count)
    return name.isEmpty || name.contains(UInt8(ascii: "/")) ? nil : Array(name)
  }

  /// Whether the kernel may have marked it as removed; a name may end so by itself.
  static func hasMark(_ path: [UInt8]) -> Bool { path.suffix(removed.count) == removed[...] }

  /// A path, or its last part, without the mark. A removal renames a region before it unlinks it, and the kernel shows the
  /// last name: the name before that is meant.
  static func withoutMark(_ path: [UInt8]) -> [UInt8] {
    guard hasMark(path) else { return path }
    let bare = Array(path.dropLast(removed.count))
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
    guard isOwn, let name = posixName(path.bytes), let valid = try? RegionName(bytes: name) else {
      return .file(path)
    }
    return .posix(valid)
  }

  /// The path that leads to exactly that region, in the view of this process or of another process.
  ///
  /// - Returns: the path, what lstat(2) says, and whether it is a path of this process's own view; nil if
  ///   neither way leads there.
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

  /// What a path of maps can stand for: the kernel writes a line end as `\012`, and a backslash as it is.
  private static func spellings(of path: [UInt8]) -> [[UInt8]] {
    let mark = Array("\\012".utf8)
    return path.contains(mark) ? [path.replacing(mark, with: [UInt8(ascii: "\n")]), path] : [path]
  }

  /// A path for a person: the bare name of a POSIX object, without the mark of what was removed.
  package static func shown(_ path: [UInt8]) -> [UInt8] {
    let bare = withoutMark(path)
    return posixName(bare) ?? bare
  }
}
