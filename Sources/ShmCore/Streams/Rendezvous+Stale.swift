import CShm
import Glibc
import SystemPackage

extension Rendezvous {
  /// Whether a sender listens there.
  package enum Listener: Sendable, Equatable {
    /// It does; its process where that can be seen from here.
    case somebody(Int32?)
    /// Nobody does, on the kernel's word: what is there was left by one that was killed.
    case nobody
    /// Nothing can be known.
    case unknown
  }

  /// Asks by a connection that says nothing and goes, which a sender does not mind. connect(2)
  package var listener: Listener {
    var raw: CInt
    repeat {
      raw = unsafe path.withPlatformString { unsafe cshm_connect($0) }
    } while raw == -EINTR
    guard raw >= 0 else {
      switch -raw {
      case ECONNREFUSED: return .nobody
      case EAGAIN: return .somebody(nil)
      default: return .unknown
      }
    }
    let socket = OwnedDescriptor(adopting: raw)
    var process: pid_t = 0
    var user: uid_t = 0
    let known = unsafe cshm_peer(socket.raw, &process, &user) == 0
    return .somebody(known && process > 0 ? process : nil)
  }

  /// Takes the name away, if nobody listens on it any more.
  ///
  /// - Returns: whether there was such a name.
  /// - Throws: `ShmError`: `busy` where a sender listens, `notPermitted`.
  public func removeStale() throws(ShmError) -> Bool {
    let attempt = "cannot remove the stream '\(name)'"
    guard let first = try? FileSystem.status(path), first.st_mode & S_IFMT == S_IFSOCK else {
      return false
    }
    let lock = try lockDirectory(attempt)
    defer { withExtendedLifetime(lock) {} }
    switch listener {
    case .somebody(let process):
      throw ShmError(
        .busy, attempt, "\(process.map { "process \($0)" } ?? "a process") sends it",
        remedy: "end that: its name goes with it")
    case .unknown:
      throw ShmError(.busy, attempt, "whether somebody sends it cannot be seen from here")
    case .nobody: break
    }
    try ShmError.saying(attempt) { () throws(Errno) in try FileSystem.unlink(path) }
    removeDirectory()
    return true
  }
}
