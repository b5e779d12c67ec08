import CShmTool
import Glibc
import ShmCore
import SystemPackage

/// Passes the signals that this process receives on to a command that runs as its child: otherwise a
/// signal ends this process, with everything that it holds, and the command lives on without it.
///
/// These are not passed on:
/// - SIGKILL and SIGSTOP, which no process can take.
/// - SIGCHLD, which tells of this process's own child.
/// - SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP and SIGSYS, if a fault of this process raises them.
/// - What this process was started to ignore (nohup).
/// - What a terminal sends, if the command is in this process's group: the terminal sends it to both.
///
/// SIGTSTP, SIGTTIN and SIGTTOU stop this process as well, as job control expects. signal(7)
@safe struct SignalForwarder: ~Copyable {
  private let thread: OpaquePointer

  /// Takes the signals from now on. They wait until `forward` names the command.
  ///
  /// - Parameter terminations: whether SIGHUP, SIGINT, SIGQUIT and SIGTERM are passed on as well; false
  ///   leaves them to those who wait for them.
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

  /// Passes on to this command what has come and what comes.
  ///
  /// - Parameters:
  ///   - child: its number; this value ends before the child is waited for.
  ///   - watch: a pidfd of it, which outlives this value; -1 for none.
  func forward(to child: pid_t, watch: CInt) {
    unsafe cshmtool_forward_to(thread, child, watch)
  }

  /// What can be passed on. Of the signals without a meaning of their own the C library keeps the first
  /// two for itself. SIGPIPE and SIGXFSZ are ignored by this process itself, and not by its starter's wish.
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
