import CShm
import Glibc
public import ShmCore
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
  ///
  /// - Parameters:
  ///   - directory: the open directory.
  ///   - owner: whose the directory is, and the sender must be.
  /// - Returns: what the kernel said.
  func listener(
    in directory: borrowing RendezvousDirectory, owner: UInt32 = ProcessView.user
  ) -> Listener {
    let socket: OwnedDescriptor
    do {
      socket = try directory.connect(name, isForeign: owner != ProcessView.user)
    } catch .connectionRefused {
      return .nobody
    } catch .resourceTemporarilyUnavailable {
      return .somebody(nil)
    } catch {
      return .unknown
    }
    var process: pid_t = 0
    var user: uid_t = 0
    guard unsafe cshm_peer(socket.raw, &process, &user) == 0 else { return .somebody(nil) }
    return user == owner ? .somebody(process > 0 ? process : nil) : .unknown
  }

  /// Takes the name away, if nobody listens on it any more.
  ///
  /// - Returns: whether there was such a name.
  /// - Throws: `ShmError`: `busy` where a sender listens, `notPermitted`.
  public func removeStale() throws(ShmError) -> Bool {
    let attempt = "cannot remove the stream \(name.quoted)"
    guard let status = try? FileSystem.status(path), status.st_mode & S_IFMT == S_IFSOCK,
      let open = try openDirectory(attempt)
    else { return false }
    try lock(open, attempt)
    guard let first = open.status(name), first.st_mode & S_IFMT == S_IFSOCK else { return false }
    open.repair(name)
    switch listener(in: open) {
    case .somebody(let process):
      throw ShmError(
        .busy, attempt, "\(process.map { "process \($0)" } ?? "a process") sends it",
        remedy: "end that: its name goes with it")
    case .unknown:
      throw ShmError(.busy, attempt, "whether somebody sends it cannot be seen from here")
    case .nobody: break
    }
    try ShmError.saying(attempt) { () throws(Errno) in try open.unlink(name) }
    removeDirectory(open)
    return true
  }
}
