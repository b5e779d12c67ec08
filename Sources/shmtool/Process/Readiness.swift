import CShm
import CShmTool
import Glibc
import ShmCore
import SystemPackage

/// Reports that everything is set up.
enum Readiness {
  /// The line for a descriptor.
  static let line = Array("ready\n".utf8)

  /// Throws if a descriptor is closed.
  static func check(descriptor: Int32) throws(ShmError) {
    try DescriptorIO.checkOpen(
      descriptor, "cannot announce readiness on descriptor \(descriptor)")
  }

  /// Writes a line to a descriptor and closes it: for scripts.
  static func announce(descriptor: Int32) throws(ShmError) {
    let attempt = "cannot announce readiness on descriptor \(descriptor)"
    var line = Self.line
    try unsafe line.withUnsafeMutableBufferPointer { (buffer) throws(ShmError) -> Void in
      try unsafe DescriptorIO.writeAll(descriptor, UnsafeRawBufferPointer(buffer), attempt)
    }
    _ = close(descriptor)
  }

  /// Sends `READY=1` to a service manager. sd_notify(3)
  ///
  /// - Parameter socket: the value of NOTIFY_SOCKET: a path, or `@` and an abstract name.
  /// - Throws: `ShmError` if no process listens there.
  static func announce(serviceManagerAt socket: [UInt8]) throws(ShmError) {
    let attempt = "cannot notify the service manager at \(Escaping.quoted(socket))"
    do {
      _ = try SystemCall.checkNegated {
        unsafe (socket + [0]).map { CChar(bitPattern: $0) }.withUnsafeBufferPointer {
          unsafe cshmtool_notify($0.baseAddress, "READY=1")
        }
      }
    } catch {
      throw ShmError(.inputOutput, attempt, error.reason, errorNumber: error.rawValue)
    }
  }

  /// Leaves the terminal and the caller's directory, so that a background process keeps neither in use.
  static func detach() {
    let null = unsafe cshm_openat(AT_FDCWD, "/dev/null", O_RDWR, 0)
    guard null >= 0 else { return }
    for number in STDIN_FILENO...STDERR_FILENO { dup2(null, number) }
    if null > STDERR_FILENO { close(null) }
    _ = unsafe chdir("/")
  }
}
