import CShm
import Glibc
import SystemPackage

extension Region {
  /// Whether nobody else has the region open or mapped, on the kernel's word: a lease for writing
  /// is granted only then. It sees through containers and hidden processes, where /proc does not.
  ///
  /// - Returns: true or false; nil where the kernel does not say, most often because the region
  ///   belongs to another user. fcntl(2), `F_SETLEASE`
  ///   Asked of a region that was opened for its status only; nil for any other.
  public func isUnusedByOthers() -> Bool? {
    guard let path = reference.path else { return nil }
    // The lease counts every open file but its own: this one must not be among them, and it is
    // not where only the status was asked for (O_PATH opens nothing).
    guard access == .status,
      let probe = try? FileSystem.open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW),
      let mine = try? descriptor.status(), let its = try? probe.status(),
      mine.st_dev == its.st_dev, mine.st_ino == its.st_ino
    else { return nil }
    // An opener that comes now breaks the lease, which is told by a signal: one that is ignored.
    do {
      try SystemCall.checkNegated { cshm_fcntl(probe.raw, cshm_F_SETSIG, SIGURG) }
      try SystemCall.checkNegated { cshm_fcntl(probe.raw, cshm_F_SETLEASE, CInt(F_WRLCK)) }
    } catch {
      return error == .resourceTemporarilyUnavailable || error == .resourceBusy ? false : nil
    }
    _ = cshm_fcntl(probe.raw, cshm_F_SETLEASE, CInt(F_UNLCK))
    return true
  }
}
