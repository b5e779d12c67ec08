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
  ///   - started: called when the command runs.
  ///   - tend: looks after what is held.
  /// - Returns: the exit code it ended with.
  /// - Throws: `ShmError`: `commandNotFound`, `cannotRun`; what `tend` throws, when the command has been
  ///   ended.
  package func run(
    _ command: [[UInt8]], descriptors: [Int32], interval: Int? = nil,
    started: () -> Void = {},
    tend: () throws(ShmError) -> Void = { () throws(ShmError) in }
  ) throws(ShmError) -> End {
    let child = try ChildProcess(
      command, descriptors: descriptors,
      environment: [("SHMTOOL_FDS", "\(descriptors.count)")])
    started()
    do throws(ShmError) {
      _ = try hold(
        Terms(interval: interval), until: child.ended, child: child.identifier, tend: tend)
    } catch {
      // What CMD was given ends with this process: CMD ends before.
      child.end()
      throw error
    }
    do throws(Errno) {
      return .exited(try child.wait())
    } catch {
      let name = Escaping.quoted(command.first ?? [])
      throw ShmError(
        .system, "cannot learn the exit status of \(name)",
        "\(error.reason); the command has ended",
        errorNumber: error.rawValue)
    }
  }

  /// The loop of both: a signal ends it, or goes to the child where there is one.
  private func hold(
    _ terms: Terms, until ended: CInt?, child: Int32?, tend: () throws(ShmError) -> Void
  ) throws(ShmError) -> End? {
    let deadline = terms.milliseconds.map { Clock.nanoseconds + $0 * 1_000_000 }
    while true {
      let left = deadline.map { max(0, ($0 - Clock.nanoseconds + 999_999) / 1_000_000) }
      let pause = terms.interval.map { min($0, left ?? $0) } ?? left
      let seen = look(until: ended, child: child, milliseconds: pause)
      if let signal = seen.signal {
        guard let child else { return .signal(signal.number) }
        if signal.code != cshm_SI_KERNEL { ChildProcess.send(signal.number, to: child) }
      }
      if seen.hasEnded { return nil }
      if let deadline, Clock.nanoseconds >= deadline { return nil }
      if terms.interval != nil { try tend() }
    }
  }

  /// How long a look without descriptors lasts, in milliseconds.
  private static let shortPause = 50

  /// Waits for a signal, or for the end of the process. If the kernel refuses to wait for descriptors
  /// (no memory, a sandbox), what is held is not given up for that: signals are waited for by another
  /// call, and the end is looked for twenty times a second.
  private func look(
    until ended: CInt?, child: Int32?, milliseconds: Int?
  ) -> (signal: cshm_signal?, hasEnded: Bool) {
    let isBlind = ended == -1
    let pause = isBlind ? min(milliseconds ?? Self.shortPause, Self.shortPause) : milliseconds
    do throws(Errno) {
      let ready = try Polling.wait(
        for: [signals.descriptor.raw] + (ended.map { [$0] } ?? []), milliseconds: pause)
      let hasEnded = isBlind ? child.map(ChildProcess.hasEnded) ?? false : ready.last == true
      return (try signals.next(), ended != nil && hasEnded)
    } catch {
      let signal = signals.next(milliseconds: min(milliseconds ?? .max, Self.shortPause))
      if let child { return (signal, ChildProcess.hasEnded(child)) }
      return (signal, isOver)
    }
  }

  /// Whether the process that is watched has ended.
  private var isOver: Bool {
    switch watch {
    case .some(let watch): watch.hasEnded
    case nil: false
    }
  }
}
