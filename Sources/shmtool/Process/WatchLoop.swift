import CShmTool
import Glibc
import ShmCore
import SystemPackage

/// Waits between looks: until the interval is over, a signal is received, the terminal changes its size, or the user
/// types `q`.
struct WatchLoop: ~Copyable {
  /// Why a wait ended.
  enum Event: Equatable {
    /// The interval is over.
    case elapsed
    /// The terminal has another size.
    case resized
    /// SIGCONT was received after SIGSTOP, which cannot be caught, so the terminal was not restored before.
    case continued
    /// Ctrl-Z was typed.
    case suspended
    /// `q` was typed.
    case quit
    /// SIGHUP, SIGINT, SIGQUIT or SIGTERM was received.
    case signal(Int32)
  }

  private let terminations: TerminationSignals
  /// SIGWINCH, SIGTSTP and SIGCONT; nil without a screen.
  private let changes: OwnedDescriptor?
  private var hasKeys: Bool

  /// Blocks the signals from now on.
  ///
  /// - Parameters:
  ///   - hasScreen: whether a screen has to be drawn again when the terminal changes.
  ///   - hasKeys: whether standard input is read for `q`.
  /// - Throws: `ShmError`, if the kernel refuses a descriptor for signals.
  init(hasScreen: Bool, hasKeys: Bool) throws(ShmError) {
    let terminations = try TerminationSignals.taken()
    var changes: OwnedDescriptor?
    if hasScreen {
      do {
        changes = try TerminationSignals.blocked([SIGWINCH, SIGTSTP, SIGCONT])
      } catch {
        throw ShmError("cannot wait for signals", error)
      }
    }
    self.terminations = terminations
    self.changes = changes
    self.hasKeys = hasKeys
  }

  /// Repeats `look` at the interval, until a signal arrives or `q` is typed.
  ///
  /// - Parameters:
  ///   - interval: the time between two looks.
  ///   - isDrawn: whether a text is shown; otherwise `look` writes what it finds.
  ///   - look: looks once.
  ///   - text: the text of the last look. The screen is drawn again when the terminal changes, without a new look.
  /// - Throws: what `look` throws, and `Interruption`.
  static func run(
    every interval: Duration, isDrawn: Bool, look: () throws -> Void, text: () -> String
  ) throws {
    var screen = Screen()
    var loop = try WatchLoop(
      hasScreen: screen.isRedrawn && isDrawn, hasKeys: screen.hasKeys && isDrawn)
    while true {
      try look()
      let end = Deadline(after: interval)
      var event = Event.resized
      while event != .elapsed {
        if isDrawn { try screen.show(text()) }
        event = try loop.wait(until: end)
        switch event {
        case .elapsed, .resized: break
        case .continued: screen.invalidate()
        case .suspended:
          screen.suspend()
          loop.discardChanges()
        case .quit: return
        case .signal(let number): throw Interruption(signal: number)
        }
      }
    }
  }

  private var changesDescriptor: CInt? {
    switch changes {
    case .some(let changes): changes.raw
    case nil: nil
    }
  }

  /// Forgets the pending changes of the terminal, before the screen is drawn again in any case.
  func discardChanges() {
    guard let changesDescriptor else { return }
    while TerminationSignals.next(from: changesDescriptor) != nil {}
  }

  /// Waits for the next event.
  mutating func wait(until deadline: Deadline) throws(ShmError) -> Event {
    while true {
      let changed = changesDescriptor
      let descriptors =
        [terminations.descriptor.raw] + (changed.map { [$0] } ?? [])
        + (hasKeys ? [STDIN_FILENO] : [])
      let timeout = deadline.left
      let ready: [Bool]
      do {
        ready = try Waiter.wait(for: descriptors, timeout: timeout)
      } catch {
        throw ShmError("cannot wait for signals", error)
      }
      if let number = terminations.nextNumber() { return .signal(number) }
      if let changed, let number = TerminationSignals.next(from: changed) {
        switch number {
        case SIGTSTP: return .suspended
        case SIGCONT: return .continued
        default: return .resized
        }
      }
      if hasKeys, ready.last == true {
        switch cshmtool_key(STDIN_FILENO) {
        case CInt(UInt8(ascii: "q")), CInt(UInt8(ascii: "Q")): return .quit
        case ..<0: hasKeys = false
        default: break
        }
      }
      if deadline.hasPassed { return .elapsed }
    }
  }
}
