import CShm
import Glibc
package import SystemPackage

/// The kernel's proof that no other process has a region open or mapped: a lease for writing, given back
/// when this ends. A process that opens the region meanwhile waits in open(2), and fails with `EAGAIN` if
/// it does not wait: so only what removes or shrinks a region asks for a lease, and only for a moment.
/// `F_SETLEASE` of fcntl(2)
package struct RegionLease: ~Copyable {
  /// What the kernel says.
  package enum Answer: ~Copyable {
    /// No other process has it, and none gets it while this lasts.
    case granted(RegionLease)
    /// Another process has it.
    case refused
    /// Nothing, most often because the region belongs to another user.
    case unknown
  }

  private let probe: OwnedDescriptor

  private init(_ probe: consuming OwnedDescriptor) {
    self.probe = probe
  }

  deinit { _ = cshm_fcntl(probe.raw, cshm_F_SETLEASE, CInt(F_UNLCK)) }

  /// The descriptor that the lease is on.
  package var raw: CInt { probe.raw }

  /// Whether no other process has opened the region or waits to open it, of a lease that was granted: it
  /// is not being broken, and would be granted again.
  package static func isUndisturbed(_ raw: CInt) -> Bool {
    cshm_fcntl(raw, cshm_F_GETLEASE, 0) == CInt(F_WRLCK)
      && cshm_fcntl(raw, cshm_F_SETLEASE, CInt(F_WRLCK)) >= 0
  }

  /// Whether this process may ask for a lease on a region: its owner, or with CAP_LEASE, if it may read
  /// the region. capabilities(7)
  package static func mayAsk(_ status: RegionStatus, _ path: FilePath?) -> Bool {
    guard status.owner == ProcessView.user || ProcessView.mayLease, let path else { return false }
    return FileSystem.mayRead(path)
  }

  /// Asks.
  ///
  /// - Parameters:
  ///   - region: opened for its status only; of any other nothing is known, for it counts itself.
  ///   - patience: how long to ask again while another process has the region open: one that only
  ///     looks has it open for a moment.
  /// - Returns: the lease, or why there is none.
  package static func ask(for region: borrowing Region, patience: Duration = .zero) -> Answer {
    // The lease counts every open file but its own: this one must not be among them, and it is
    // not where only the status was asked for (O_PATH opens nothing).
    guard region.access == .status, let path = region.reference.path,
      let probe = try? FileSystem.open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW),
      let mine = try? region.descriptor.status(), let its = try? probe.status(),
      RegionIdentity(mine) == RegionIdentity(its)
    else { return .unknown }
    let deadline = Deadline(after: patience)
    while true {
      do {
        // An opener that comes now breaks the lease, which is told by a signal: one that is ignored.
        try SystemCall.checkNegated { cshm_fcntl(probe.raw, cshm_F_SETSIG, SIGURG) }
        try SystemCall.checkNegated { cshm_fcntl(probe.raw, cshm_F_SETLEASE, CInt(F_WRLCK)) }
        return .granted(RegionLease(probe))
      } catch {
        guard error == .resourceTemporarilyUnavailable || error == .resourceBusy else {
          return .unknown
        }
        if deadline.hasPassed { return .refused }
        usleep(1000)
      }
    }
  }
}
