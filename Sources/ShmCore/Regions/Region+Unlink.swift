import Glibc
import SystemPackage

extension Region {
  /// Takes the region's name away, if the name still means this region. Whoever uses the region
  /// keeps it; its memory is free when the last one ends. shm_unlink(3), unlink(2)
  ///
  /// - Throws: `ShmError`: `notFound` where the name is gone, or means another region by now;
  ///   `notPermitted` where the directory is another user's, or sticky and the region is not ours;
  ///   `corrupt` for a file that is not shared memory;
  ///   `usage` for what has no name.
  public func unlink() throws(ShmError) {
    let attempt = "cannot remove \(quoted)"
    switch reference {
    case .descriptor, .systemV:
      throw ShmError(.usage, attempt, "it has no name in the file system to take away")
    case .posix, .file: break
    }
    guard let path = reference.path else { return }
    try SharedMemory.require(descriptor, attempt)
    let reference = self.reference
    let explain = { (error: Errno) in
      Refusal(of: path).removing(error, attempt) ?? reference.explain(error, attempt)
    }
    try ShmError.explaining(explain) { () throws(Errno) in
      let open = try descriptor.status()
      let named = try FileSystem.status(path)
      guard open.st_dev == named.st_dev, open.st_ino == named.st_ino else {
        throw .noSuchFileOrDirectory
      }
      if case .posix(let name) = reference {
        try FileSystem.unlinkShared(name.sharedMemoryName)
      } else {
        try FileSystem.unlink(path)
      }
    }
  }
}
