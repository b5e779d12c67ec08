import CShm
import Glibc

/// Blocks signals in this thread, and unblocks them at the end of the owner's life.
///
/// If a signal arrives, fallocate(2) on tmpfs releases the pages that it has allocated and starts again. Frequent
/// signals would keep it from ever ending. sigprocmask(2)
package struct SignalMask: ~Copyable {
  private let previous: sigset_t

  /// Blocks every signal that can be blocked.
  package init() {
    var all = sigset_t()
    var previous = sigset_t()
    unsafe sigfillset(&all)
    unsafe pthread_sigmask(SIG_BLOCK, &all, &previous)
    self.previous = previous
  }

  deinit {
    var previous = self.previous
    unsafe pthread_sigmask(SIG_SETMASK, &previous, nil)
  }

  /// Whether a blocked signal that ends processes is pending. sigpending(2)
  package static var isTerminationPending: Bool { pendingTermination != nil }

  /// The pending blocked signal that ends processes; nil without such a signal. sigpending(2)
  package static var pendingTermination: CInt? {
    let number = cshm_pending_termination()
    return number == 0 ? nil : number
  }

  /// Throws if a blocked signal that ends processes is pending, so that a long operation stops and the caller cleans
  /// up. sigpending(2)
  ///
  /// - Throws: `ShmError` of kind `interrupted`.
  package static func checkPending(_ attempt: String) throws(ShmError) {
    if let number = pendingTermination {
      throw ShmError(.interrupted, attempt, "signal \(number) arrived")
    }
  }

  /// Whether such a signal is blocked in this thread, so that it would not interrupt a waiting call.
  package static var holdsTermination: Bool {
    var held = sigset_t()
    unsafe sigemptyset(&held)
    unsafe pthread_sigmask(SIG_BLOCK, nil, &held)
    return unsafe sigismember(&held, SIGTERM) == 1
  }
}
