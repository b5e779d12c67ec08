import Glibc
package import SystemPackage

/// The names in a directory.
extension FileSystem {
  /// The names in a directory, `.` and `..` left out, in the order of the file system. readdir(3)
  package static func names(in path: FilePath) throws(Errno) -> [FilePath.Component] {
    guard let directory = unsafe path.withPlatformString({ unsafe opendir($0) }) else {
      throw Errno(rawValue: errno)
    }
    return unsafe names(in: directory)
  }

  /// The same of an open directory, which is closed then. fdopendir(3)
  package static func names(adopting raw: CInt) throws(Errno) -> [FilePath.Component] {
    guard let directory = unsafe fdopendir(raw) else {
      let error = Errno(rawValue: errno)
      _ = Glibc.close(raw)
      throw error
    }
    return unsafe names(in: directory)
  }

  private static func names(in directory: OpaquePointer) -> [FilePath.Component] {
    defer { unsafe closedir(directory) }
    var names: [FilePath.Component] = []
    while let entry = unsafe readdir(directory) {
      // d_name is NUL-terminated and stays valid until the next readdir.
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
        unsafe FilePath.Component(
          platformString: UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self))
      }
      if let name, name.kind == .regular { names.append(name) }
    }
    return names
  }
}
