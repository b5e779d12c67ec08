import Glibc

/// The environment of this process: read here, and never by the library.
enum ProcessEnvironment {
  /// A variable's value; nil where it is not set. getenv(3)
  static subscript(name: String) -> String? {
    guard let value = unsafe getenv(name) else { return nil }
    return unsafe String(cString: value)
  }

  /// Where commands are looked for. execvp(3)
  static var path: String { self["PATH"] ?? "/bin:/usr/bin" }
}
