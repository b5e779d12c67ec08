/// What the path of a region in /proc says of it. Pure.
enum RegionPathName {
  private static let removed = Array(" (deleted)".utf8)
  private static let memfd = Array("/memfd:".utf8)
  private static let posix = Array("\(RegionName.directory)/".utf8)

  /// The kind and the name, without the mark of what has no name.
  ///
  /// - Parameters:
  ///   - path: as maps and the links of fd show it.
  ///   - isHidden: whether it lies on a file system that is mounted nowhere.
  /// - Returns: what it is, and what it is called.
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

  /// Without the mark.
  static func withoutMark(_ path: [UInt8]) -> [UInt8] {
    hasMark(path) ? Array(path.dropLast(removed.count)) : path
  }
}
