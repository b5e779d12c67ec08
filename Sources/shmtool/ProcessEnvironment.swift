import Glibc
import SystemPackage

/// The environment of this process: read here, and never by the library.
enum ProcessEnvironment {
  /// A variable's value; nil where it is not set. getenv(3)
  static subscript(name: String) -> String? {
    guard let value = unsafe getenv(name) else { return nil }
    return unsafe String(cString: value)
  }

  /// A variable's value as a path, byte by byte; nil where it is not set.
  static func filePath(_ name: String) -> FilePath? {
    guard let value = unsafe getenv(name) else { return nil }
    return unsafe FilePath(platformString: value)
  }

  /// Where commands are looked for. execvp(3)
  static var path: String { self["PATH"] ?? "/bin:/usr/bin" }
}
