import CShm
import Glibc
import SystemPackage

/// Whether reads and writes of a descriptor can block.
package enum DescriptorKind {
  /// Whether a write can block: every descriptor except a regular file, and the devices that accept or refuse every
  /// write at once.
  package static func mayBlockWriting(_ raw: CInt, _ attempt: String) throws(ShmError) -> Bool {
    let status = try status(raw, attempt)
    switch status.st_mode & S_IFMT {
    case S_IFREG: return false
    case S_IFCHR: return !neverWaiting.contains(status.st_rdev)
    default: return true
    }
  }

  /// `null`, `zero` and `full`: the memory devices 1:3, 1:5 and 1:7. mem(4)
  private static var neverWaiting: [dev_t] { [0x103, 0x105, 0x107] }

  /// Whether a read can block. A file of /proc whose size is 0 can block as well (kmsg).
  package static func mayBlockReading(_ raw: CInt, _ attempt: String) throws(ShmError) -> Bool {
    let status = try status(raw, attempt)
    return status.st_mode & S_IFMT != S_IFREG || status.st_size == 0
  }

  /// Whether it is an anonymous descriptor, such as an event: not a file, a pipe or a socket.
  package static func isAnonymous(_ raw: CInt) -> Bool {
    var status = stat()
    return unsafe fstat(raw, &status) == 0 && status.st_mode & S_IFMT == 0
  }

  /// Whether it is a terminal. isatty(3)
  package static func isTerminal(_ raw: CInt) -> Bool { isatty(raw) == 1 }

  /// Whether it is a regular file.
  static func isRegular(_ raw: CInt) -> Bool {
    var status = stat()
    return unsafe fstat(raw, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
  }

  private static func status(_ raw: CInt, _ attempt: String) throws(ShmError) -> stat {
    var status = stat()
    let explain = { (error: Errno) in
      ShmError(.inputOutput, attempt, "it is closed", errorNumber: error.rawValue)
    }
    do throws(Errno) {
      _ = try SystemCall.check { unsafe fstat(raw, &status) }
    } catch {
      throw explain(error)
    }
    return status
  }

  /// Whether the kernel's answer says that it cannot promise not to wait there, or may be a sandbox's,
  /// which does not know the call: the plain one tells.
  package static func cannotPromise(_ answer: Int) -> Bool {
    [EOPNOTSUPP, EINVAL, ESPIPE, ENOSYS, EPERM, EACCES].contains { answer == -Int($0) }
  }

  /// What a pipe at the end of a stream is made to hold, in bytes: its two ends take fewer turns. With
  /// more its pages are out of the cache before they come round again: 1.44 of the FIFO's speed with this,
  /// 1.38 with four times as much, 1.35 with a quarter.
  static var pipeSize: CInt { 1 << 18 }

  /// Enlarges a pipe. An error, or another kind of descriptor, is ignored. fcntl(2),
  /// F_SETPIPE_SZ
  package static func enlarge(_ raw: CInt) {
    if cshm_fcntl(raw, cshm_F_GETPIPE_SZ, 0) < pipeSize {
      _ = cshm_fcntl(raw, cshm_F_SETPIPE_SZ, pipeSize)
    }
  }
}
