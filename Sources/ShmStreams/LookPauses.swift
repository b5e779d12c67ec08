import CShm
import ShmCore

/// Pauses of a receiver before it loads the sender's position, if they raise the rate.
///
/// Each load at a small record takes the cache line of the position from the sender. The sender then waits for the line
/// at its next record. After a pause the sender may have published many records. The lengths of a pause are tried in
/// turn, and a longer one is used only if more bytes arrive in the same time. A sender that waits for an answer gets no
/// pauses except those of the trials, and so does a sender with a rate of its own. When a sender changes, its pauses
/// last until the change is noticed.
struct LookPauses {
  /// The lengths that are tried, as numbers of `cshm_pause`: from none to several microseconds.
  private static var lengths: InlineArray<3, Int> { [0, 128, 512] }

  private enum Phase {
    /// No pauses, to know the rate without them.
    case plain
    /// A length is tried.
    case trial
    /// The best length is used.
    case use

    /// The loads of a phase that find bytes.
    var length: Int {
      switch self {
      case .plain: 256
      case .trial: 32
      case .use: 256
      }
    }
  }

  /// The phases in which the best length is used before the lengths are tried again.
  private static var uses: Int { 32 }

  private var phase = Phase.plain
  private var level = 0
  /// The phases of use that are left.
  private var usesLeft = 0
  /// The loads that are left of the phase.
  private var left = Phase.plain.length
  /// The sender's position and the time in nanoseconds at the start of the phase.
  private var start: (position: UInt64, time: Int)
  /// The bytes in a nanosecond with the best length so far.
  private var best = 0.0
  /// The bytes that a load without a pause finds, on average.
  private var foundPlain = 0

  /// - Parameters:
  ///   - position: the sender's position.
  ///   - time: the time in nanoseconds.
  init(_ position: UInt64, at time: Int = Clock.nanoseconds) { start = (position, time) }

  /// Whether there is a pause before the next load. A load that finds nothing has no pause after it: the sender does not
  /// publish, and the caller may look often or wait.
  private(set) var isPausing = false

  /// Waits a moment.
  @inline(never)
  mutating func pause() {
    isPausing = false
    for _ in 0..<Self.lengths[level] { cshm_pause() }
  }

  /// Counts a load that found bytes.
  ///
  /// - Parameters:
  ///   - position: the sender's position.
  ///   - time: the time in nanoseconds; read only if a phase may end.
  @inline(__always)
  mutating func count(_ position: UInt64, at time: @autoclosure () -> Int = Clock.nanoseconds) {
    left &-= 1
    isPausing = level != 0
    if left <= 0 || (phase == .trial && left == Phase.trial.length - 2) { check(position, time) }
  }

  /// Ends a phase after its last load. Ends a trial after its second load if the pauses found no more than loads without
  /// a pause. A sender that waits for an answer publishes nothing during a pause.
  @inline(never)
  private mutating func check(_ position: UInt64, _ time: () -> Int) {
    let bytes = Int(truncatingIfNeeded: position &- start.position)
    guard left <= 0 || bytes < 2 * 2 * foundPlain else { return }
    let time = time()
    let rate = Double(bytes) / Double(max(1, time - start.time))
    start = (position, time)
    switch phase {
    case .plain:
      foundPlain = bytes / Phase.plain.length
      best = rate
      begin(.trial, 1)
    case .trial where left <= 0 && rate > 1.05 * best:
      best = rate
      if level + 1 < Self.lengths.count { begin(.trial, level + 1) } else { begin(.use, level) }
    case .trial: begin(.use, level - 1)
    case .use where usesLeft > 1 && (level == 0 || bytes >= 2 * phase.length * foundPlain):
      usesLeft -= 1
      left = Phase.use.length
    case .use: begin(.plain, 0)
    }
  }

  private mutating func begin(_ phase: Phase, _ level: Int) {
    self.phase = phase
    self.level = level
    left = phase.length
    usesLeft = Self.uses
    isPausing = level != 0
  }
}
