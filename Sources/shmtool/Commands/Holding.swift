import ArgumentParser
import Glibc
import ShmCore

/// The signal that ended a command: everything is cleaned up, and then the signal is raised again.
struct Interruption: Error {
  let signal: Int32
}

extension HoldLoop {
  /// Holds until a signal arrives, until a condition of the options is met, or while CMD runs. Ends with the exit code
  /// of CMD, or by the signal.
  ///
  /// - Parameters:
  ///   - command: the words after `--`; empty without a command.
  ///   - descriptors: become the descriptors of CMD from 3 on.
  ///   - options: the terms.
  ///   - interval: how often `tend` is called; nil for never.
  ///   - isQuiet: whether to omit the line on a terminal about the holding.
  ///   - amount: what is held.
  ///   - started: called when CMD runs.
  ///   - tend: checks the held regions.
  /// - Throws: `Interruption`, `ReportedFailure` for CMD's exit status, and what `tend` throws.
  func hold(
    command: [[UInt8]], descriptors: [Int32], options: HoldOptions = HoldOptions.none,
    interval: Duration? = nil, isQuiet: Bool, amount: HeldAmount, started: () -> Void = {},
    tend: () throws(ShmError) -> Void = {}
  ) throws {
    let end: End
    if !command.isEmpty {
      end = try run(
        command, descriptors: descriptors, interval: interval, started: started, tend: tend)
    } else {
      if !isQuiet, StandardStreams.isTerminal(STDERR_FILENO) {
        Output.say(amount.line(options.terms))
      }
      end = try wait(
        Terms(duration: options.duration?.duration, interval: interval), tend: tend)
    }
    switch end {
    case .signal(let number): throw Interruption(signal: number)
    case .over: return
    case .exited(let end):
      if end.status != 0 { throw ReportedFailure.command(command[0], end) }
    }
  }
}

extension HoldOptions {
  /// What ends the holding besides a signal.
  fileprivate var terms: [String] {
    [duration.map { "for \($0)" }, whilePid.map { "while process \($0) runs" }].compactMap { $0 }
  }

  /// Until a signal arrives, without notification.
  static var none: HoldOptions { (try? HoldOptions.parse([])) ?? HoldOptions() }
}
