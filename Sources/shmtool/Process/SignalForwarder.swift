import CShmTool
import Glibc
import ShmCore
import SystemPackage

/// Forwards the signals that this process receives to a command that is its child. Otherwise a signal would
/// end this process with everything that it holds, and the command would continue without it.
///
/// Not forwarded:
/// - SIGKILL and SIGSTOP, which no process can take.
/// - SIGCHLD, which reports this process's own child.
/// - SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP and SIGSYS, if a fault of this process raises them.
/// - Signals that this process was started to ignore (nohup).
/// - Signals from a terminal, if the command is in this process's group: the terminal sends them to both.
///
/// SIGTSTP, SIGTTIN and SIGTTOU stop this process as well, as job control expects. signal(7)
@safe struct SignalForwarder: ~Copyable {
  private let thread: OpaquePointer

  /// Receives the signals from now on. They stay pending until `forward` names the command.
  ///
  /// - Parameter terminations: whether SIGHUP, SIGINT, SIGQUIT and SIGTERM are forwarded as well; false
  ///   leaves them to `TerminationSignals`.
  /// - Throws: `Errno`, if the thread cannot be created.
  init(terminations: Bool) throws(Errno) {
    var set = Self.all
    if !terminations {
      for number in TerminationSignals.numbers { unsafe sigdelset(&set, number) }
    }
    var thread: OpaquePointer?
    try SystemCall.checkNegated { unsafe cshmtool_forward_start(&set, &thread) }
    guard let thread = unsafe thread else { throw .noMemory }
    unsafe self.thread = thread
  }

  deinit {
    unsafe cshmtool_forward_stop(thread)
  }

  /// Forwards pending and later signals to this command.
  ///
  /// - Parameters:
  ///   - child: its number; this value ends before the child is waited for.
  ///   - watch: a pidfd of it, which outlives this value; -1 if there is no pidfd.
  func forward(to child: pid_t, watch: CInt) {
    unsafe cshmtool_forward_to(thread, child, watch)
  }

  /// The signals that can be forwarded. The C library keeps the first two real-time signals for itself. This
  /// process ignores SIGPIPE and SIGXFSZ by its own decision.
  private static var all: sigset_t {
    var set = sigset_t()
    unsafe sigfillset(&set)
    for number in [SIGKILL, SIGSTOP, SIGCHLD, 32, 33] { unsafe sigdelset(&set, number) }
    for number in 1..<CInt(32)
    where number != SIGPIPE && number != SIGXFSZ && TerminationSignals.isIgnored(number) {
      unsafe sigdelset(&set, number)
    }
    return set
  }
}
