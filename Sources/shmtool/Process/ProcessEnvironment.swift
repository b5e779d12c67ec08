import Glibc
import SystemPackage

/// The environment of this process: read here, and never by the library.
enum ProcessEnvironment {
  /// A variable's value; nil if it is not set. getenv(3)
  static subscript(name: String) -> String? {
    guard let value = unsafe getenv(name) else { return nil }
    return unsafe String(cString: value)
  }

  /// A variable's value as a path, byte by byte; nil if it is not set.
  static func filePath(_ name: String) -> FilePath? {
    guard let value = unsafe getenv(name) else { return nil }
    return unsafe FilePath(platformString: value)
  }

  /// The directories where commands are looked for, whatever their bytes. execvp(3)
  static var path: [UInt8] { bytes("PATH") ?? Array("/bin:/usr/bin".utf8) }

  /// A variable's value byte by byte; nil if it is not set. getenv(3)
  static func bytes(_ name: String) -> [UInt8]? {
    guard let value = unsafe getenv(name) else { return nil }
    return unsafe Array(UnsafeRawBufferPointer(start: value, count: strlen(value)))
  }
}
