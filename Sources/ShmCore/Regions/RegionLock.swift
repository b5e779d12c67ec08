import CShm
import Glibc
import SystemPackage

/// The lock under which a region's size is changed, so that two changes come one after the other. Only
/// those who take it mind it. `F_OFD_SETLK` of fcntl(2)
///
/// It is a lock for writing on one byte, which takes the right to write the region. A process that may
/// only read the region can lock it for reading, with flock(2) or fcntl(2): the first does not touch this
/// lock, and the second is not waited for, for it belongs to no change.
struct RegionLock: ~Copyable {
  /// How long another change may last.
  private static let patience = Duration.seconds(30)

  private let descriptor: OwnedDescriptor

  /// Waits for it.
  ///
  /// - Throws: `ShmError`: `busy` if another process that may write the region has it for too long,
  ///   `interrupted`.
  init(_ region: borrowing Region, _ attempt: String) throws(ShmError) {
    // An open file of its own: a lock belongs to that, and ends with it.
    let raw = region.descriptor.raw
    let opened = try ShmError.saying(attempt) { () throws(Errno) -> OwnedDescriptor in
      do throws(Errno) {
        return try FileSystem.open(FilePath("/proc/self/fd/\(raw)"), O_RDWR | O_NONBLOCK)
      } catch {
        // Without /proc, or if it may not be opened again: the open file that there is.
        return try region.descriptor.duplicate()
      }
    }
    let deadline = Deadline(after: Self.patience)
    while true {
      let answer = cshm_lock_for_change(opened.raw)
      // A file system without locks, or a descriptor that does not allow writing, has no lock to wait for.
      if answer != -EAGAIN { break }
      var holder: pid_t = -1
      let kind = unsafe cshm_holder_of_change(opened.raw, &holder)
      if kind == 1 { break }
      try SignalMask.checkPending(attempt)
      if deadline.hasPassed {
        throw ShmError(
          .busy, attempt,
          holder > 0 ? "process \(holder) has it locked" : "another process has it locked")
      }
      usleep(2000)
    }
    descriptor = opened
  }
}
