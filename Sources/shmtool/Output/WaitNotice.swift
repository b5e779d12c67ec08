import CShmTool
import Glibc
import ShmCore
import Synchronization

/// Says on a terminal what a command waits for and how to stop it, if the wait is not over at once.
///
/// The notice is a whole line, so progress and messages follow it.
final class WaitNotice: Sendable {
  /// The notice is printed only if the wait takes longer than this.
  static let delay = Duration.milliseconds(300)

  private let text: String
  /// Set by the first of two events: the end of the wait, or the start of printing the notice.
  private let isSettled = Atomic(false)

  private init(_ text: String) { self.text = text }

  /// Waits, and says so on stderr if that is a terminal.
  ///
  /// - Parameters:
  ///   - text: what the command waits for, and what stops it.
  ///   - isQuiet: whether the user wants no messages.
  ///   - body: the wait.
  /// - Returns: what `body` returns.
  /// - Throws: what `body` throws.
  static func during<Result: ~Copyable, Failure: Error>(
    _ text: String, isQuiet: Bool, _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let notice = isQuiet ? nil : begin(text)
    defer { notice?.settle() }
    return try body()
  }

  /// Says that standard input is read, if it is a terminal.
  static func readingTerminal(isQuiet: Bool) {
    guard !isQuiet, StandardStreams.isTerminal(STDIN_FILENO),
      StandardStreams.isTerminal(STDERR_FILENO)
    else { return }
    Output.say("shmtool: reading stdin; Ctrl-D ends the input\n")
  }

  private static func begin(_ text: String) -> WaitNotice? {
    guard StandardStreams.isTerminal(STDERR_FILENO) else { return nil }
    let notice = WaitNotice(text)
    let argument = unsafe Unmanaged.passRetained(notice)
    let isStarted = unsafe Threads.detach(argument.toOpaque()) { raw in
      guard let raw = unsafe raw else { return nil }
      // Signals are for the threads of the command.
      var set = sigset_t()
      unsafe sigfillset(&set)
      unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
      // Balances the retain in `begin`.
      let notice = unsafe Unmanaged<WaitNotice>.fromOpaque(raw).takeRetainedValue()
      Waiter.pause(WaitNotice.delay)
      if notice.settle() { Output.say("shmtool: \(notice.text)\n", waits: false) }
      return nil
    }
    if !isStarted { unsafe argument.release() }
    return notice
  }

  /// Decides between the end of the wait and the notice.
  ///
  /// - Returns: whether the caller is the first. The exchange needs no ordering, because it passes no other memory.
  @discardableResult
  private func settle() -> Bool {
    !isSettled.exchange(true, ordering: .relaxed)
  }
}
