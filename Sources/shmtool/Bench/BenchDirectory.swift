import Glibc
import ShmCore
import SystemPackage

/// The directory in which the streams of a benchmark meet. Whatever ends a sender, no name of it stays.
final class BenchDirectory {
  let path: FilePath

  /// - Throws: `ShmError` if it cannot be created.
  init() throws(ShmError) {
    let parent = StreamArguments.directory ?? RegionName.directory
    path = parent.appending("shmtool-bench-\(getpid())")
    do throws(Errno) {
      try FileSystem.makeDirectory(path, mode: 0o700)
    } catch {
      throw ShmError("\(BenchCall.attempt) streams in \(Escaping.quoted(parent.bytes))", error)
    }
  }

  deinit { remove() }

  /// Removes it with its names, after both ends of every stream have met.
  func remove() {
    for name in (try? FileSystem.names(in: path)) ?? [] {
      _ = try? FileSystem.unlink(path.appending(name))
    }
    try? FileSystem.removeDirectory(path)
  }
}
