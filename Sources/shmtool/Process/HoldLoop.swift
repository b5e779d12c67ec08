import CShmTool
import Glibc
import ShmCore
import SystemPackage

/// Waits for a termination signal or for the end of a command, so that the caller can release what it holds
/// in order.
struct HoldLoop: ~Copyable {
  /// Why the wait ended.
  enum End: Equatable {
    /// SIGHUP, SIGINT, SIGQUIT or SIGTERM was received.
    case signal(Int32)
    /// The command has ended.
    case exited(CommandEnd)
    /// The time has passed, or the observed process has ended.
    case over
  }

  /// What ends the wait besides a signal, and what is done meanwhile.
  struct Terms {
    /// How long to hold; nil for no limit.
    var duration: Duration?
    /// How often `tend` is called; nil for never.
    var interval: Duration?

    /// By default only a signal ends the wait.
    init(duration: Duration? = nil, interval: Duration? = nil) {
      self.duration = duration
      self.interval = interval
    }
  }

  private let signals: TerminationSignals
  private let watch: ProcessWatch?

  /// Blocks the termination signals from now on, and observes the end of a process.
  ///
  /// - Parameter process: the process whose end ends the wait, without a command; nil for no process.
  /// - Throws: `ShmError`: `notFound` if the process does not exist.
  init(whileRunning process: Int32? = nil) throws(ShmError) {
    var watch: ProcessWatch?
    if let process { watch = try ProcessWatch(process) }
    let signals = try TerminationSignals.taken()
    self.signals = signals
    self.watch = watch
  }

  /// Waits until a signal is received or the terms are met.
  func wait(
    _ terms: Terms = Terms(), tend: () throws(ShmError) -> Void = {}
  ) throws(ShmError) -> End {
    let ended: CInt? =
      switch watch {
      case .some(let watch): watch.ended.raw
      case nil: nil
      }
    return try hold(terms, until: ended, child: nil, tend: tend) ?? .over
  }

  /// Runs a command until it ends, and forwards the signals that this process receives meanwhile; see
  /// `SignalForwarder`.
  ///
  /// - Parameters:
  ///   - command: the command and its arguments; not empty.
  ///   - descriptors: become 3, 4, … in the command; SHMTOOL_FDS in its environment is their number.
  ///   - interval: how often `tend` is called; nil for never.
  ///   - started: called after the command was started.
  ///   - tend: called at each interval.
  /// - Returns: the exit status of the command.
  /// - Throws: `ShmError`: `commandNotFound`, `cannotRun`; what `tend` throws, after the command was
  ///   ended.
  func run(
    _ command: [[UInt8]], descriptors: [Int32], interval: Duration? = nil,
    started: () -> Void = {},
    tend: () throws(ShmError) -> Void = {}
  ) throws(ShmError) -> End {
    let name = Escaping.quoted(command.first ?? [])
    let forwarder: SignalForwarder
    do {
      forwarder = try SignalForwarder(terminations: true)
    } catch {
      throw ShmError("cannot run \(name)", error)
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
      // The descriptors of CMD are valid only while this process runs, so CMD ends first.
      _ = consume forwarder
      child.end()
      throw error
    }
    // The kernel does not reuse its number before it was waited for.
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

  /// The loop of both forms. A signal ends it, unless a child receives the forwarded signals.
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

  /// The interval of the fallback that uses no descriptors.
  private static let shortPause = Duration.milliseconds(50)

  /// Waits for a signal or the end of the process. For a child it waits for the end only, because the
  /// forwarder takes the signals. If the kernel refuses to poll (no memory, a sandbox), the wait continues
  /// by sigtimedwait(2) and looks for the end twenty times a second.
  private func look(
    until ended: CInt?, child: Int32?, timeout: Duration?
  ) -> (signal: cshmtool_signal?, hasEnded: Bool) {
    if let child {
      return (nil, hasEnded(child, ended ?? -1, timeout: timeout))
    }
    do throws(Errno) {
      let ready = try Waiter.wait(
        for: [signals.descriptor.raw] + (ended.map { [$0] } ?? []), timeout: timeout)
      return (try signals.next(), ended != nil && ready.last == true)
    } catch {
      return (signals.next(timeout: min(timeout ?? Self.shortPause, Self.shortPause)), isOver)
    }
  }

  /// Waits for the end of a child, by the pidfd `watch` unless it is -1. Without poll(2) it asks waitid(2).
  private func hasEnded(_ child: Int32, _ watch: CInt, timeout: Duration?) -> Bool {
    if watch >= 0, let isReady = try? Waiter.isReady(watch, timeout: timeout) { return isReady }
    if ChildProcess.hasEnded(child) { return true }
    Waiter.pause(min(timeout ?? Self.shortPause, Self.shortPause))
    return ChildProcess.hasEnded(child)
  }

  /// Whether the observed process has ended.
  private var isOver: Bool {
    switch watch {
    case .some(let watch): watch.hasEnded
    case nil: false
    }
  }
}
