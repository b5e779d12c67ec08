import SystemPackage

/// A path as the kernel shows it under /proc: with ` (deleted)` at its end if the name was removed.
///
/// A file name can itself end in ` (deleted)`. The kernel reports the same path for the removed file `a` and for the
/// existing file `a (deleted)`. `isName(of:)` decides by the identity of the file. For an object that was never in a
/// directory (a memfd, a System V segment) the kernel always adds the mark, exactly once. proc_pid_fd(5),
/// proc_pid_maps(5), cgroups(7)
package struct KernelPath {
  private static let mark = Array(" (deleted)".utf8)

  /// The text as the kernel shows it.
  package let shown: [UInt8]
  /// Whether the text ends in the mark, which the kernel has added or which is part of the name.
  package let isMarked: Bool

  package init(_ shown: [UInt8]) {
    self.shown = shown
    isMarked = shown.suffix(Self.mark.count) == Self.mark[...]
  }

  /// The path without its last mark. If the name itself ends in a mark, that mark stays.
  package var withoutMark: [UInt8] {
    isMarked ? Array(shown.dropLast(Self.mark.count)) : shown
  }

  /// Whether the unchanged text is the name of this file. lstat(2)
  package func isName(of identity: RegionIdentity) -> Bool {
    (try? FileSystem.status(FilePath(bytes: shown))).map { RegionIdentity($0) == identity } ?? false
  }
}
