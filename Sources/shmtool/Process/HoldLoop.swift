import CShmTool
import Glibc
import ShmCore
import SystemPackage

/// Waits until this process is told to end, or until a command has ended, so that what is held can
/// be taken down in order.
struct HoldLoop: ~Copyable {
  /// Why the holding is over.
  enum End: Equatable {
    /// SIGHUP, SIGINT, SIGQUIT or SIGTERM has come.
    case signal(Int32)
    /// The command has ended with this code (128 + n for signal n).
    case exited(Int32)
    /// The time has passed, or the process that was waited for has ended.
    case over
  }

  /// What ends the holding besides a signal, and what is looked after meanwhile.
  struct Terms {
    /// How long to hold; nil for no limit.
    var duration: Duration?
    /// How often `tend` is called; nil for never.
    var interval: Duration?

    /// Until a signal comes, unless said otherwise.
    init(duration: Duration? = nil, interval: Duration? = nil) {
      self.duration = duration
      self.interval = interval
    }
  }

  private let signals: TerminationSignals
  private let watch: ProcessWatch?

  /// From now on the signals wait to be seen here, and the end of a process is seen.
  ///
  /// - Parameter process: whose end ends the holding, without a command; nil for none.
  /// - Throws: `ShmError`: `notFound` where there is no such process.
  init(whileRunning process: Int32? = nil) throws(ShmError) {
    var watch: ProcessWatch?
    if let process { watch = try ProcessWatch(process) }
    let signals = try TerminationSignals.taken()
    self.signals = signals
    self.watch = watch
  }

  /// Holds until a signal comes or the terms are met.
  func wait(
    _ terms: Terms = Terms(), tend: () throws(ShmError) -> Void = { () throws(ShmError) in }
  ) throws(ShmError) -> End {
    let ended: CInt? =
      switch watch {
      case .some(let watch): watch.ended.raw
      case nil: nil
      }
    return try hold(terms, until: ended, child: nil, tend: tend) ?? .over
  }

  /// Runs a command until it ends. The signals that this process receives meanwhile are passed on; see
  /// `SignalForwarder`.
  ///
  /// - Parameters:
  ///   - command: the command and its arguments; not empty.
  ///   - descriptors: become 3, 4, … there; their count is SHMTOOL_FDS in its environment.
  ///   - interval: how often `tend` is called; nil for never.
  ///   - started: called when the command runs.
  ///   - tend: looks after what is held.
  /// - Returns: the exit code it ended with.
  /// - Throws: `ShmError`: `commandNotFound`, `cannotRun`; what `tend` throws, when the command has been
  ///   ended.
  func run(
    _ command: [[UInt8]], descriptors: [Int32], interval: Duration? = nil,
    started: () -> Void = {},
    tend: () throws(ShmError) -> Void = { () throws(ShmError) in }
  ) throws(ShmError) -> End {
    let name = Escaping.quoted(command.first ?? [])
    let forwarder = try ShmError.saying("cannot run \(name)") { () throws(Errno) in
      try SignalForwarder(terminations: true)
    }
    let child = try ChildProcess(
      command, descriptors: descriptors,
      environment: [("SHMTOOL_FDS", "\(descriptors.count)")])
    forwarder.forward(to: child.identifier, watch: child.ended)
    started()
    do throws(ShmError) {
      _ = try hold(
        Terms(interval: interval), until: child.ended, child: child.identifier, tend: tend)
    } catch {
      // What CMD was given ends with this process: CMD ends before.
      _ = consume forwarder
      child.end()
      throw error
    }
    // Its number belongs to it until it has been waited for.
    _ = consume forwarder
    do throws(Errno) {
      return .exited(try child.wait())
    } catch {
      throw ShmError(
        .system, "cannot read the exit status of \(name)",
        "\(error.reason); the command has ended",
        errorNumber: error.rawValue)
    }
  }

  /// The loop of both: a signal ends it, unless there is a child that it is passed on to.
  private func hold(
    _ terms: Terms, until ended: CInt?, child: Int32?, tend: () throws(ShmError) -> Void
  ) throws(ShmError) -> End? {
    let deadline = Deadline(after: terms.duration)
    while true {
      let left = deadline.left
      let pause = terms.interval.map { min($0, left ?? $0) } ?? left
      let seen = look(until: ended, child: child, timeout: pause)
      if child == nil, let signal = seen.signal { return .signal(signal.number) }
      if seen.hasEnded { return nil }
      if deadline.hasPassed { return nil }
      if terms.interval != nil { try tend() }
    }
  }

  /// How long a look without descriptors lasts.
  private static let shortPause = Duration.milliseconds(50)

  /// Waits for a signal, or for the end of the process; for the end alone if it is a child's, whose
  /// signals the forwarder takes. If the kernel refuses to wait for descriptors (no memory, a sandbox),
  /// what is held is not given up for that: signals are waited for by another call, and the end is
  /// looked for twenty times a second.
  private func look(
    until ended: CInt?, child: Int32?, timeout: Duration?
  ) -> (signal: cshmtool_signal?, hasEnded: Bool) {
    if let child {
      return (nil, hasEnded(child, ended ?? -1, timeout: timeout))
    }
    do throws(Errno) {
      let ready = try Polling.wait(
        for: [signals.descriptor.raw] + (ended.map { [$0] } ?? []), timeout: timeout)
      return (try signals.next(), ended != nil && ready.last == true)
    } catch {
      return (signals.next(timeout: min(timeout ?? Self.shortPause, Self.shortPause)), isOver)
    }
  }

  /// Waits for the end of a child, which `watch` shows unless it is -1; looks for it if the kernel
  /// refuses to wait.
  private func hasEnded(_ child: Int32, _ watch: CInt, timeout: Duration?) -> Bool {
    if watch >= 0, let ready = try? Polling.wait(for: [watch], timeout: timeout) {
      return ready.last == true
    }
    if ChildProcess.hasEnded(child) { return true }
    usleep(UInt32(min(timeout ?? Self.shortPause, Self.shortPause).wholeMilliseconds) * 1000)
    return ChildProcess.hasEnded(child)
  }

  /// Whether the process that is watched has ended.
  private var isOver: Bool {
    switch watch {
    case .some(let watch): watch.hasEnded
    case nil: false
    }
  }
}
