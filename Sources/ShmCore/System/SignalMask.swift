import CShm
import Glibc

/// Signals held off this thread, and let through again when the owner ends.
///
/// fallocate(2) on tmpfs gives back what a call has allocated when a signal arrives and begins
/// again: under a storm of signals it would never end. sigprocmask(2)
package struct SignalMask: ~Copyable {
  private let previous: sigset_t

  /// Holds every signal off that can be held off.
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

  /// The signal that waits to end this process, if there is one: what holds signals off for long
  /// must ask now and then. sigpending(2)
  package static var pendingTermination: CInt? {
    let number = cshm_pending_termination()
    return number == 0 ? nil : number
  }
}
