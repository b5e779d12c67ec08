import CShm
import Glibc
import SystemPackage

/// The lock under which a region's size is changed. Only those who take it mind it. flock(2)
struct RegionLock: ~Copyable {
  /// How long another one may have it, in milliseconds.
  private static let patience = 30_000

  private let descriptor: OwnedDescriptor

  /// Waits for it.
  ///
  /// - Throws: `ShmError`: `busy` where another process has it for too long, `interrupted`.
  init(_ region: borrowing Region, _ attempt: String) throws(ShmError) {
    // An open file of its own: a lock belongs to that, and ends with it.
    let raw = region.descriptor.raw
    let opened = try ShmError.saying(attempt) { () throws(Errno) -> OwnedDescriptor in
      do throws(Errno) {
        return try FileSystem.open(FilePath("/proc/self/fd/\(raw)"), O_RDONLY)
      } catch {
        // Without /proc, or for one that may not be read: the open file that there is.
        return try region.descriptor.duplicate()
      }
    }
    let clock = Clock.nanoseconds
    while cshm_try_lock(opened.raw) < 0 {
      try SignalMask.checkPending(attempt)
      if (Clock.nanoseconds - clock) / 1_000_000 > Self.patience {
        throw ShmError(.busy, attempt, "another process has it locked")
      }
      usleep(2000)
    }
    descriptor = opened
  }

  deinit { _ = cshm_unlock(descriptor.raw) }
}
