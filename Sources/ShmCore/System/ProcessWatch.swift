import CShm
import Glibc
import SystemPackage

/// A reference to one process, which does not change if the process ID is reused. pidfd_open(2)
package struct ProcessWatch: ~Copyable {
  /// The process.
  package let process: Int32
  /// Readable when it has ended.
  package let ended: OwnedDescriptor

  /// Opens a running process.
  package init(_ process: Int32) throws(ShmError) {
    let attempt = "cannot watch process \(process)"
    do {
      ended = OwnedDescriptor(adopting: try SystemCall.checkNegated { cshm_pidfd_open(process) })
    } catch {
      throw error == .noSuchFileOrDirectory
        ? ShmError(
          .notFound, attempt, "it is the ID of a thread, not of a process",
          errorNumber: error.rawValue)
        : error == .noSuchProcess || error == .invalidArgument
          ? ShmError(.notFound, attempt, "no such process", errorNumber: error.rawValue)
          : ShmError(attempt, error)
    }
    self.process = process
  }

  /// Sends a signal to this process, even if its process ID was reused. pidfd_send_signal(2)
  package func send(_ signal: CInt) throws(ShmError) {
    do throws(Errno) {
      _ = try SystemCall.checkNegated { cshm_pidfd_send_signal(ended.raw, signal) }
    } catch {
      throw ShmError("cannot signal process \(process)", error)
    }
  }

  /// Whether it has ended. If poll(2) is not permitted, it checks with signal 0 and the state in /proc, because a
  /// zombie still accepts signals.
  package var hasEnded: Bool {
    if let isReady = try? Waiter.isReady(ended.raw) { return isReady }
    if cshm_pidfd_send_signal(ended.raw, 0) == -ESRCH { return true }
    guard let text = try? FileSystem.contents(of: FilePath("/proc/\(process)/stat")),
      let end = text.lastIndex(of: UInt8(ascii: ")")), end + 2 < text.count
    else { return false }
    return [UInt8(ascii: "Z"), UInt8(ascii: "X")].contains(text[end + 2])
  }

  /// The time between two checks if the kernel refuses poll(2).
  private static let shortPause = Duration.milliseconds(50)

  /// Waits for its end. If the kernel refuses poll(2), it checks twenty times a second.
  ///
  /// - Returns: whether it has ended in that time.
  package func waitForEnd(timeout: Duration) -> Bool {
    let deadline = Deadline(after: timeout)
    while !hasEnded {
      if deadline.hasPassed { return false }
      if (try? Waiter.isReady(ended.raw, timeout: deadline.left)) == nil {
        Waiter.pause(min(deadline.left ?? Self.shortPause, Self.shortPause))
      }
    }
    return true
  }
}
