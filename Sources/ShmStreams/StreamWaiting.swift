import CShm
import ShmCore

/// How one end of a stream waits for the other.
public enum StreamWaiting: String, Sendable, CaseIterable {
  /// It sleeps at once. This takes the least processor time, with one or two system calls for each wait.
  case sleeping
  /// It spins for a short time if both ends can run at the same time, on different processors, and then sleeps.
  case adaptive
  /// It spins until bytes arrive. This has the least delay and occupies one processor.
  case spinning
}

/// A bounded spin on memory that another process writes, between two system calls.
struct SpinWait {
  /// The time that an end without sleep spins between two checks of its sockets, in nanoseconds.
  private static let round = 1_000_000
  /// The longest spin.
  private static let longest = Duration.seconds(1)
  /// The number of polls between two readings of the clock, because reading the clock takes as long as several polls.
  private static let looks = 32

  private let length: Int
  private var turns = 0
  private var deadline = 0

  /// - Parameters:
  ///   - options: the way of waiting, and how long.
  ///   - peers: the processes of the other ends.
  init(_ options: StreamOptions, peers: [Int32]) {
    length =
      switch options.waiting {
      case .sleeping: 0
      case .adaptive:
        Self.mayOverlap(peers)
          ? max(.zero, min(options.spin, Self.longest)).wholeNanoseconds : 0
      case .spinning: Self.round
      }
  }

  /// Whether both ends can run at the same time: this thread and the peers have more than one processor together.
  private static func mayOverlap(_ peers: [Int32]) -> Bool {
    unsafe peers.withUnsafeBufferPointer {
      unsafe cshm_processors_with($0.baseAddress, CInt($0.count)) > 1
    }
  }

  /// Restarts the spin.
  mutating func restart() { turns = 0 }

  /// Pauses briefly and returns whether to check again.
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
