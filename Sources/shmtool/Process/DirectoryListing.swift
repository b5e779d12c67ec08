import Glibc
import ShmCore
import SystemPackage

/// The entries of a directory, by names of any bytes: for completion.
enum DirectoryListing {
  /// One name.
  struct Entry {
    /// Its bytes.
    let name: [UInt8]
    /// Whether it is a directory, or a link to one.
    let isDirectory: Bool
    /// Whether it is a regular file, or a link to one.
    let isRegular: Bool
  }

  /// The names that begin with `prefix`; empty if the directory cannot be read. stat(2)
  ///
  /// - Complexity: linear in the names, with one call for each name with the prefix.
  static func entries(of directory: [UInt8], prefix: some Sequence<UInt8>) -> [Entry] {
    let place = FilePath(bytes: directory.isEmpty ? [UInt8(ascii: ".")] : directory)
    return ((try? FileSystem.names(in: place)) ?? []).compactMap { name in
      let bytes = FilePath(root: nil, components: name).bytes
      guard bytes.starts(with: prefix),
        let status = try? FileSystem.followedStatus(place.appending(name))
      else { return nil }
      let kind = status.st_mode & S_IFMT
      return Entry(name: bytes, isDirectory: kind == S_IFDIR, isRegular: kind == S_IFREG)
    }
  }
}
