import CShm
import Glibc
public import ShmCore
import SystemPackage

extension Rendezvous {
  /// Whether a sender listens there.
  package enum Listener: Sendable, Equatable {
    /// A sender listens; its process if it is visible here.
    case somebody(Int32?)
    /// The kernel reports that no process listens: a killed sender left the name.
    case nobody
    /// The answer is unknown.
    case unknown
  }

  /// Checks with a connection that is closed without a message, which a sender ignores. connect(2)
  ///
  /// - Parameters:
  ///   - directory: the open directory.
  ///   - owner: the owner of the directory, and the required user of the sender.
  /// - Returns: the kernel's answer.
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

  /// Removes the name if no process listens on it.
  ///
  /// - Returns: whether the name existed.
  /// - Throws: `ShmError`: `busy` if a sender listens, `notPermitted`.
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
        .busy, attempt,
        """
        its sender is running (\(process.map { "process \($0)" } ?? "a process that is not visible")); \
        it removes the name when it exits
        """)
    case .unknown:
      throw ShmError(.busy, attempt, "it may have a sender (its process is not visible)")
    case .nobody: break
    }
    do {
      try open.unlink(name)
    } catch {
      throw ShmError(attempt, error)
    }
    removeDirectory(open)
    return true
  }
}
