import CShm
import Glibc
import SystemPackage

/// The kernel's word that nobody else has a region open or mapped: a lease for writing, given back
/// when this ends. Whoever opens the region meanwhile waits in open(2) until then. fcntl(2),
/// `F_SETLEASE`
struct RegionLease: ~Copyable {
  /// What the kernel says.
  enum Answer: ~Copyable {
    /// Nobody has it; nobody gets it while this lasts.
    case granted(RegionLease)
    /// Somebody has it.
    case refused
    /// Nothing, most often because the region belongs to another user.
    case unknown
  }

  private let probe: OwnedDescriptor

  private init(_ probe: consuming OwnedDescriptor) {
    self.probe = probe
  }

  deinit { _ = cshm_fcntl(probe.raw, cshm_F_SETLEASE, CInt(F_UNLCK)) }

  /// Whether somebody opens the region, and waits.
  var isAwaited: Bool { cshm_fcntl(probe.raw, cshm_F_GETLEASE, 0) != CInt(F_WRLCK) }

  /// Asks.
  ///
  /// - Parameters:
  ///   - region: opened for its status only; of any other nothing is known, for it counts itself.
  ///   - attempts: how often, a millisecond apart: another one that only looks has the region open for
  ///     a moment.
  /// - Returns: the lease, or why there is none.
  static func ask(for region: borrowing Region, attempts: Int = 1) -> Answer {
    // The lease counts every open file but its own: this one must not be among them, and it is
    // not where only the status was asked for (O_PATH opens nothing).
    guard region.access == .status, let path = region.reference.path,
      let probe = try? FileSystem.open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW),
      let mine = try? region.descriptor.status(), let its = try? probe.status(),
      RegionIdentity(mine) == RegionIdentity(its)
    else { return .unknown }
    for attempt in 1...attempts {
      do {
        // An opener that comes now breaks the lease, which is told by a signal: one that is ignored.
        try SystemCall.checkNegated { cshm_fcntl(probe.raw, cshm_F_SETSIG, SIGURG) }
        try SystemCall.checkNegated { cshm_fcntl(probe.raw, cshm_F_SETLEASE, CInt(F_WRLCK)) }
        return .granted(RegionLease(probe))
      } catch {
        guard error == .resourceTemporarilyUnavailable || error == .resourceBusy else {
          return .unknown
        }
        if attempt < attempts { usleep(1000) }
      }
    }
    return .refused
  }
}
