import CShm

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
struct SpinWait: ~Copyable {
  /// How long one that never sleeps spins before it looks at its sockets, in nanoseconds.
  private static let round = 1_000_000

  private let deadline: Int
  private var turns = 0

  /// - Parameter options: the way of waiting, and how long.
  init(_ options: StreamOptions) {
    let length =
      switch options.waiting {
      case .sleeping: 0
      case .adaptive: Threads.processors > 1 ? options.spin * 1000 : 0
      case .spinning: Self.round
      }
    deadline = length == 0 ? 0 : Clock.nanoseconds + length
  }

  /// Whether to look once more; a moment has passed then.
  mutating func goesOn() -> Bool {
    if deadline == 0 { return false }
    turns += 1
    cshm_pause()
    // The clock costs as much as several looks.
    return turns % 16 != 0 || Clock.nanoseconds < deadline
  }
}
