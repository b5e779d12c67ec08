import CShm
import SystemPackage

/// Waits until this process is told to end, or until a command has ended, so that what is held can
/// be taken down in order.
package struct HoldLoop: ~Copyable {
  /// Why the holding is over.
  package enum End: Equatable {
    /// SIGHUP, SIGINT or SIGTERM has come.
    case signal(Int32)
    /// The command has ended with this code (128 + n for signal n).
    case exited(Int32)
  }

  private let signals: TerminationSignals

  /// From now on the signals wait to be seen here.
  package init() throws(ShmError) {
    signals = try ShmError.saying("cannot wait for signals") { () throws(Errno) in
      try TerminationSignals()
    }
  }

  /// The signal that has come, without waiting; nil for none.
  package func pendingSignal() throws(ShmError) -> Int32? {
    try ShmError.saying("cannot wait for signals") { () throws(Errno) in
      try signals.next()?.number
    }
  }

  /// Waits for a signal.
  package func wait() throws(ShmError) -> End {
    while true {
      if let number = try pendingSignal() { return .signal(number) }
      try ShmError.saying("cannot wait for signals") { () throws(Errno) in
        _ = try Polling.wait(for: [signals.descriptor.raw], milliseconds: nil)
      }
    }
  }

  /// Runs a command until it ends. Signals that were sent to this process are passed on; what a
  /// terminal sends has reached the command by itself.
  ///
  /// - Parameters:
  ///   - command: the command and its arguments; not empty.
  ///   - descriptors: become 3, 4, … there; their count is SHMTOOL_FDS in its environment.
  /// - Returns: the exit code it ended with.
  /// - Throws: `ShmError`: `commandNotFound`, `cannotRun`.
  package func run(
    _ command: [String], descriptors: [Int32]
  ) throws(ShmError) -> End {
    let attempt = "cannot run '\(Escaping.printable(command.first ?? ""))'"
    let explain = { (error: Errno) in
      error == .noSuchFileOrDirectory
        ? ShmError(.commandNotFound, attempt, "there is no such command")
        : ShmError(.cannotRun, attempt, error.reason, errorNumber: error.rawValue)
    }
    let child = try ShmError.explaining(explain) { () throws(Errno) in
      try ChildProcess(
        command, descriptors: descriptors,
        environment: [("SHMTOOL_FDS", "\(descriptors.count)")])
    }
    do throws(Errno) {
      while true {
        let ready = try Polling.wait(
          for: [signals.descriptor.raw, child.ended.raw], milliseconds: nil)
        if ready[0], let signal = try signals.next(), signal.code == cshm_SI_USER {
          child.send(signal.number)
        }
        if ready[1] { return .exited(try child.wait()) }
      }
    } catch {
      throw ShmError("cannot wait for '\(Escaping.printable(command.first ?? ""))'", error)
    }
  }
}
