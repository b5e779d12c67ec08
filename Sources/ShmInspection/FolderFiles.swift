import Glibc
import ShmCore
import SystemPackage

/// The regular files in the folders below a directory of regions. Some programs keep their regions in folders: joblib,
/// JACK, Chromium, libvirt.
struct FolderFiles {
  /// A file and its status.
  struct File {
    let path: FilePath
    let status: stat
  }

  private(set) var files: [File] = []
  /// A directory with more files than the limit; nil without one.
  private(set) var truncated: FilePath?

  private let device: dev_t
  /// Any user can create many files. The limit keeps the scan of another user fast.
  private static let most = 100_000
  private static let deepest = 16

  /// Walks the folders of `directory`. It follows no symbolic links and does not enter other file systems. It opens
  /// each directory once, so that another process cannot redirect it.
  ///
  /// - Parameters:
  ///   - names: the names in the directory that may be folders.
  ///   - directory: the directory.
  /// - Complexity: linear in the files.
  init(_ names: [FilePath.Component], in directory: FilePath) {
    guard let root = try? OpenDirectory(directory) else {
      device = 0
      return
    }
    device = root.status.st_dev
    for name in names where !name.bytes.starts(with: ".shmtool-".utf8) {
      walk(FilePath(root: nil, [name]), in: root, directory, depth: 1)
    }
  }

  private mutating func walk(
    _ name: FilePath, in parent: borrowing OpenDirectory, _ place: FilePath, depth: Int
  ) {
    guard let folder = try? OpenDirectory(name, in: parent), folder.status.st_dev == device else {
      return
    }
    let path = place.appending(name.components)
    for name in folder.names() {
      guard let status = try? folder.status(name) else { continue }
      if status.st_mode & S_IFMT == S_IFDIR {
        if depth < Self.deepest { walk(name, in: folder, path, depth: depth + 1) }
      } else if RegionStatus.kindOfOther(status.st_mode) == nil {
        guard files.count < Self.most else {
          truncated = truncated ?? path
          return
        }
        files.append(File(path: path.appending(name.components), status: status))
      }
    }
  }
}
