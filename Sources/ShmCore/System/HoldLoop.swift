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
    /// The time has passed, or the process that was waited for has ended.
    case over
  }

  /// What ends the holding besides a signal, and what is looked after meanwhile.
  package struct Terms {
    /// How long to hold; nil for as long as it takes.
    package var milliseconds: Int?
    /// How often `tend` is called, in milliseconds; nil for never.
    package var interval: Int?

    /// Until a signal comes, unless said otherwise.
    package init(milliseconds: Int? = nil, interval: Int? = nil) {
      self.milliseconds = milliseconds
      self.interval = interval
    }
  }

  private let signals: TerminationSignals
  private let watch: ProcessWatch?

  /// From now on the signals wait to be seen here, and the end of a process is seen.
  ///
  /// - Parameter process: whose end ends the holding, without a command; nil for none.
  /// - Throws: `ShmError`: `notFound` where there is no such process.
  package init(whileRunning process: Int32? = nil) throws(ShmError) {
    var watch: ProcessWatch?
    if let process { watch = try ProcessWatch(process) }
    let signals = try TerminationSignals.taken()
    self.signals = signals
    self.watch = watch
  }

  /// Holds until a signal comes or the terms are met.
  package func wait(
    _ terms: Terms = Terms(), tend: () throws(ShmError) -> Void = { () throws(ShmError) in }
  ) throws(ShmError) -> End {
    let ended: CInt? =
      switch watch {
      case .some(let watch): watch.ended.raw
      case nil: nil
      }
    return try hold(terms, until: ended, child: nil, tend: tend) ?? .over
  }

  /// Runs a command until it ends. Signals that were sent to this process are passed on; what a
  /// terminal sends has reached the command by itself.
  ///
  /// - Parameters:
  ///   - command: the command and its arguments; not empty.
  ///   - descriptors: become 3, 4, … there; their count is SHMTOOL_FDS in its environment.
  ///   - interval: how often `tend` is called, in milliseconds; nil for never.
  ///   - tend: looks after what is held.
  /// - Returns: the exit code it ended with.
  /// - Throws: `ShmError`: `commandNotFound`, `cannotRun`.
  package func run(
    _ command: [String], descriptors: [Int32], interval: Int? = nil,
    tend: () throws(ShmError) -> Void = { () throws(ShmError) in }
  ) throws(ShmError) -> End {
    let name = Escaping.printable(command.first ?? "")
    let child = try ShmError.explaining({ ChildProcess.explain($0, name) }) { () throws(Errno) in
      try ChildProcess(
        command, descriptors: descriptors,
        environment: [("SHMTOOL_FDS", "\(descriptors.count)")])
    }
    // What stops the looking after leaves CMD alone, as the end of this process would.
    _ = try hold(
      Terms(interval: interval), until: child.ended.raw, child: child.identifier, tend: tend)
    do throws(Errno) {
      return .exited(try child.wait())
    } catch {
      throw ShmError("cannot wait for '\(name)'", error)
    }
  }

  /// The loop of both: a signal ends it, or goes to the child where there is one.
  private func hold(
    _ terms: Terms, until ended: CInt?, child: Int32?, tend: () throws(ShmError) -> Void
  ) throws(ShmError) -> End? {
    let deadline = terms.milliseconds.map { Clock.nanoseconds + $0 * 1_000_000 }
    let watched = [signals.descriptor.raw] + (ended.map { [$0] } ?? [])
    while true {
      let left = deadline.map { max(0, ($0 - Clock.nanoseconds + 999_999) / 1_000_000) }
      let pause = terms.interval.map { min($0, left ?? $0) } ?? left
      var signal: cshm_signal?
      let ready = try ShmError.saying("cannot wait for signals") { () throws(Errno) in
        let ready = try Polling.wait(for: watched, milliseconds: pause)
        signal = try signals.next()
        return ready
      }
      if let signal {
        guard let child else { return .signal(signal.number) }
        if signal.code != cshm_SI_KERNEL { ChildProcess.send(signal.number, to: child) }
      }
      if ready.count > 1, ready[1] { return nil }
      if let deadline, Clock.nanoseconds >= deadline { return nil }
      if terms.interval != nil { try tend() }
    }
  }
}
