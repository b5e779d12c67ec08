import Glibc
package import SystemPackage

extension FilePath {
  /// The directory of the last component; "." if the path has no directory.
  package var directory: FilePath {
    let directory = removingLastComponent()
    return directory.isEmpty ? "." : directory
  }

  /// A path of any bytes. Bytes after a NUL are ignored.
  package init(bytes: [UInt8]) {
    unsafe self.init(platformString: (bytes + [0]).map { CChar(bitPattern: $0) })
  }

  /// Its bytes.
  package var bytes: [UInt8] {
    unsafe withPlatformString { unsafe Array(UnsafeRawBufferPointer(start: $0, count: strlen($0))) }
  }
}

extension FilePath.Component {
  /// Its bytes.
  package var bytes: [UInt8] {
    unsafe withPlatformString { unsafe Array(UnsafeRawBufferPointer(start: $0, count: strlen($0))) }
  }
}
