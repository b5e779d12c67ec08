import CShm
import Glibc
import SystemPackage

/// What a descriptor is, as far as waiting goes.
enum DescriptorKind {
  /// Whether writing it may wait for somebody else: everything but a regular file.
  static func mayBlockWriting(_ raw: CInt, _ attempt: String) throws(ShmError) -> Bool {
    try status(raw, attempt).st_mode & S_IFMT != S_IFREG
  }

  /// Whether reading it may: a file of /proc that says it is empty may as well (kmsg).
  static func mayBlockReading(_ raw: CInt, _ attempt: String) throws(ShmError) -> Bool {
    let status = try status(raw, attempt)
    return status.st_mode & S_IFMT != S_IFREG || status.st_size == 0
  }

  private static func status(_ raw: CInt, _ attempt: String) throws(ShmError) -> stat {
    var status = stat()
    let explain = { (error: Errno) in
      ShmError(.inputOutput, attempt, "it is closed", errorNumber: error.rawValue)
    }
    try ShmError.explaining(explain) { () throws(Errno) in
      _ = try SystemCall.check { unsafe fstat(raw, &status) }
    }
    return status
  }

  /// Whether the kernel's answer says that it cannot promise not to wait there.
  static func cannotPromise(_ answer: Int) -> Bool {
    [EOPNOTSUPP, EINVAL, ESPIPE, ENOSYS].contains { answer == -Int($0) }
  }

  /// What a pipe at the end of a stream is made to hold, in bytes: its two ends take fewer turns.
  static var pipeSize: CInt { 1 << 20 }

  /// Makes a pipe hold more; where that is not allowed, or it is none, it is as well. fcntl(2),
  /// F_SETPIPE_SZ
  static func enlarge(_ raw: CInt) {
    if cshm_fcntl(raw, cshm_F_GETPIPE_SZ, 0) < pipeSize {
      _ = cshm_fcntl(raw, cshm_F_SETPIPE_SZ, pipeSize)
    }
  }
}
