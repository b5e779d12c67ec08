import CShm
import ShmCore

/// How one end of a stream waits for the other.
public enum StreamWaiting: String, Sendable, CaseIterable {
  /// It gives the processor away at once: least work, and a system call or two a wait.
  case sleeping
  /// It looks for a short time, where there is more than one processor, and then sleeps.
  case adaptive
  /// It looks until something has come: least delay, and a processor of its own.
  case spinning
}

/// A bounded look at memory that another process writes, between two system calls.
struct SpinWait {
  /// How long one that never sleeps spins before it looks at its sockets, in nanoseconds.
  private static let round = 1_000_000
  /// The longest spin.
  private static let longest = Duration.seconds(1)
  /// So many looks for one at the clock, which costs as much as several of them.
  private static let looks = 32

  private let length: Int
  private var turns = 0
  private var deadline = 0

  /// - Parameter options: the way of waiting, and how long.
  init(_ options: StreamOptions) {
    length =
      switch options.waiting {
      case .sleeping: 0
      case .adaptive:
        Threads.processors > 1 ? max(.zero, min(options.spin, Self.longest)).wholeNanoseconds : 0
      case .spinning: Self.round
      }
  }

  /// Begins anew.
  mutating func restart() { turns = 0 }

  /// Whether to look once more; a moment has passed then.
  mutating func goesOn() -> Bool {
    if length == 0 { return false }
    cshm_pause()
    turns += 1
    guard turns % Self.looks == 0 else { return true }
    let now = Clock.nanoseconds
    if turns == Self.looks { deadline = now + length }
    return now < deadline
  }
}
