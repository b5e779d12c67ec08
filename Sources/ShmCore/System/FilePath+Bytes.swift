import Glibc
package import SystemPackage

extension FilePath {
  /// The directory that the last part lies in; "." where none is written.
  package var directory: FilePath {
    let directory = removingLastComponent()
    return directory.isEmpty ? "." : directory
  }

  /// A path of bytes, whatever they are; what stands behind a NUL is none of it.
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
