import Glibc
import SystemPackage

/// What a descriptor is, as far as waiting goes.
enum DescriptorKind {
  /// Whether reading or writing it may wait for somebody else: everything but a regular file.
  static func mayBlock(_ raw: CInt, _ attempt: String) throws(ShmError) -> Bool {
    var status = stat()
    let explain = { (error: Errno) in
      ShmError(.inputOutput, attempt, "it is closed", errorNumber: error.rawValue)
    }
    try ShmError.explaining(explain) { () throws(Errno) in
      _ = try SystemCall.check { unsafe fstat(raw, &status) }
    }
    return status.st_mode & S_IFMT != S_IFREG
  }
}
