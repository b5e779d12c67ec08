import CShmTool
import Glibc
import ShmCore
import SystemPackage

/// The signals that end this process, taken as events instead: SIGHUP, SIGINT, SIGQUIT and SIGTERM,
/// but not what the process was started to ignore (nohup). signalfd(2)
struct TerminationSignals: ~Copyable {
  /// The signals by which users, terminals and service managers end a process.
  static var numbers: [CInt] { [SIGHUP, SIGINT, SIGQUIT, SIGTERM] }

  let descriptor: OwnedDescriptor
  private let set: sigset_t

  /// From now on they wait to be read.
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

  /// The same, with the library's error.
  static func taken() throws(ShmError) -> TerminationSignals {
    try ShmError.saying("cannot wait for signals") { () throws(Errno) in
      try TerminationSignals()
    }
  }

  /// The next signal, without waiting; nil where none has come.
  func next() throws(Errno) -> cshmtool_signal? {
    var signal = cshmtool_signal()
    let count = try SystemCall.checkNegated {
      unsafe cshmtool_signalfd_read(descriptor.raw, &signal)
    }
    return count == 1 ? signal : nil
  }

  /// The next signal, waited for without a descriptor; nil if none has come. sigtimedwait(2)
  func next(timeout: Duration) -> cshmtool_signal? {
    var signal = cshmtool_signal()
    var set = self.set
    return unsafe cshmtool_wait_for_signal(&set, CInt(clamping: timeout.wholeMilliseconds), &signal)
      == 1
      ? signal : nil
  }

  /// The number of the next signal, without waiting; nil where none has come.
  func nextNumber() -> Int32? { (try? next())?.number }

  /// Ends this process by the signal, as if it had never been taken.
  static func reraise(_ number: CInt) {
    cshmtool_reraise(number)
  }

  /// A signal that would kill in the middle of a call that then cannot say what is wrong: a write
  /// past RLIMIT_FSIZE is EFBIG instead.
  static func ignoreFileSizeSignal() {
    signal(SIGXFSZ, SIG_IGN)
  }

  /// A write to a pipe that nobody reads is EPIPE from now on, and can be told.
  static func ignoreBrokenPipes() {
    signal(SIGPIPE, SIG_IGN)
  }

  /// The signals that a command is started with the default disposition of: all but those that this
  /// process was started to ignore.
  static var ownDispositions: sigset_t {
    var set = sigset_t()
    unsafe sigfillset(&set)
    for number in 1..<firstRealTime
    where number != SIGPIPE && number != SIGXFSZ && isIgnored(number) {
      unsafe sigdelset(&set, number)
    }
    return set
  }

  /// Where the signals without a meaning of their own begin. signal(7)
  private static var firstRealTime: CInt { 32 }

  static func isIgnored(_ number: CInt) -> Bool {
    cshmtool_is_ignored(number) != 0
  }
}
