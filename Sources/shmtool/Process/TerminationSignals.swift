import CShmTool
import Glibc
import ShmCore
import SystemPackage

/// The signals that end this process, received as events: SIGHUP, SIGINT, SIGQUIT and SIGTERM, except those
/// that the process was started to ignore (nohup). signalfd(2)
struct TerminationSignals: ~Copyable {
  /// The signals by which users, terminals and service managers end a process.
  static var numbers: [CInt] { [SIGHUP, SIGINT, SIGQUIT, SIGTERM] }

  let descriptor: OwnedDescriptor
  private let set: sigset_t

  /// Blocks them from now on, so that they stay pending until they are read.
  init() throws(Errno) {
    var set = sigset_t()
    unsafe sigemptyset(&set)
    for number in Self.numbers where !Self.isIgnored(number) {
      unsafe sigaddset(&set, number)
    }
    unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
    descriptor = OwnedDescriptor(
      adopting: try SystemCall.checkNegated { unsafe cshmtool_signalfd(&set) })
    self.set = set
  }

  /// The same with a `ShmError`.
  static func taken() throws(ShmError) -> TerminationSignals {
    do {
      return try TerminationSignals()
    } catch {
      throw ShmError("cannot wait for signals", error)
    }
  }

  /// The next pending signal, without waiting; nil if no signal is pending.
  func next() throws(Errno) -> cshmtool_signal? {
    var signal = cshmtool_signal()
    let count = try SystemCall.checkNegated {
      unsafe cshmtool_signalfd_read(descriptor.raw, &signal)
    }
    return count == 1 ? signal : nil
  }

  /// Waits for the next signal without a descriptor; nil after the timeout. sigtimedwait(2)
  func next(timeout: Duration) -> cshmtool_signal? {
    var signal = cshmtool_signal()
    var set = self.set
    return unsafe cshmtool_wait_for_signal(&set, CInt(clamping: timeout.wholeMilliseconds), &signal)
      == 1
      ? signal : nil
  }

  /// The number of the next pending signal, without waiting; nil if no signal is pending.
  func nextNumber() -> Int32? { (try? next())?.number }

  /// Blocks other signals from now on, and receives them as events.
  static func blocked(_ numbers: [CInt]) throws(Errno) -> OwnedDescriptor {
    var set = sigset_t()
    unsafe sigemptyset(&set)
    for number in numbers where !isIgnored(number) { unsafe sigaddset(&set, number) }
    unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
    return OwnedDescriptor(
      adopting: try SystemCall.checkNegated { unsafe cshmtool_signalfd(&set) })
  }

  /// The number of the next signal of such a descriptor, without waiting; nil if no signal is pending.
  static func next(from descriptor: CInt) -> Int32? {
    var signal = cshmtool_signal()
    return unsafe cshmtool_signalfd_read(descriptor, &signal) == 1 ? signal.number : nil
  }

  /// Ends this process by the signal, as its default disposition does.
  static func reraise(_ number: CInt) {
    cshmtool_reraise(number)
  }

  /// Ignores SIGXFSZ: a write past RLIMIT_FSIZE fails with EFBIG, which can be reported.
  static func ignoreFileSizeSignal() {
    signal(SIGXFSZ, SIG_IGN)
  }

  /// Ignores SIGPIPE: a write to a pipe without a reader fails with EPIPE, which can be reported.
  static func ignoreBrokenPipes() {
    signal(SIGPIPE, SIG_IGN)
  }

  /// The signals that a command starts with in their default disposition: all except those that this process
  /// was started to ignore.
  static var ownDispositions: sigset_t {
    var set = sigset_t()
    unsafe sigfillset(&set)
    for number in 1..<firstRealTime
    where number != SIGPIPE && number != SIGXFSZ && isIgnored(number) {
      unsafe sigdelset(&set, number)
    }
    return set
  }

  /// The first real-time signal. signal(7)
  private static var firstRealTime: CInt { 32 }

  static func isIgnored(_ number: CInt) -> Bool {
    cshmtool_is_ignored(number) != 0
  }
}
