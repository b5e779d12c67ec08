import CShm
import Glibc
import SystemPackage

/// The lock that serializes changes of a region's size. It is advisory: a process that does not take it is
/// not stopped. `F_OFD_SETLK` of fcntl(2)
///
/// It is a write lock on one byte, which requires write permission for the region. A process that can only
/// read the region can take a read lock with flock(2) or fcntl(2). A flock(2) lock does not conflict with this
/// lock. A read lock of fcntl(2) does, but it belongs to no change of the size, so this type does not wait for it.
struct RegionLock: ~Copyable {
  /// How long another change may last.
  private static let patience = Duration.seconds(30)

  private let descriptor: OwnedDescriptor

  /// Waits for the lock.
  ///
  /// - Throws: `ShmError`: `busy` if another process holds the write lock for too long, `interrupted`.
  init(_ region: borrowing Region, _ attempt: String) throws(ShmError) {
    // The lock belongs to the open file description, so it needs a separate one, and ends with it.
    let raw = region.descriptor.raw
    let opened: OwnedDescriptor
    do {
      opened = try FileSystem.open(FilePath("/proc/self/fd/\(raw)"), O_RDWR | O_NONBLOCK)
    } catch {
      // Without /proc, or without permission to open the file again: use the existing open file description.
      do { opened = try region.descriptor.duplicate() } catch { throw ShmError(attempt, error) }
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
          "timed out after \(Clock.text(Self.patience)): "
            + (holder > 0 ? "process \(holder) has it locked" : "another process has it locked"))
      }
      Waiter.pause(.milliseconds(2))
    }
    descriptor = opened
  }
}
