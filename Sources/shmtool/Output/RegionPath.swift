import ShmCore

/// A region's path as /proc shows it, as the user would write the region.
struct RegionPath {
  /// The name of a POSIX object, or the path; safe for a terminal.
  let name: String
  /// Whether that is what it was called.
  let isDeleted: Bool

  init(_ path: [UInt8]) {
    let mark = Array(" (deleted)".utf8)
    isDeleted = path.suffix(mark.count) == mark[...]
    var shown = isDeleted ? path.dropLast(mark.count) : path[...]
    let prefix = Array("\(RegionName.directory)/".utf8)
    if shown.starts(with: prefix), !shown.dropFirst(prefix.count).contains(UInt8(ascii: "/")) {
      shown = shown.dropFirst(prefix.count)
    }
    name = Escaping.printable(shown)
  }
}
