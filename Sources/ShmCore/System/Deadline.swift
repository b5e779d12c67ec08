/// The end of a wait: a point in time, or never.
package struct Deadline {
  /// The time that was given, in nanoseconds; nil for no limit.
  private let limit: Int?
  /// The end of the wait by `Clock.nanoseconds`.
  private var instant: Int?

  /// - Parameter limit: the time that may pass from now on; nil for no limit.
  package init(after limit: Duration?) {
    self.init(nanoseconds: limit?.wholeNanoseconds)
  }

  private init(nanoseconds: Int?) {
    limit = nanoseconds
    instant = nanoseconds.map { Clock.nanoseconds.addingReportingOverflow($0) }
      .map { $0.overflow ? Int.max : $0.partialValue }
  }

  /// A deadline in the past, for a check without waiting.
  package static var now: Deadline { Deadline(after: .zero) }

  /// The time that is left; zero after the end, nil for no limit.
  package var left: Duration? {
    instant.map { .nanoseconds(max(0, $0 - Clock.nanoseconds)) }
  }

  /// Whether the end has passed.
  package var hasPassed: Bool {
    guard let instant else { return false }
    return Clock.nanoseconds >= instant
  }

  /// The time that was given, if it has passed.
  package var passed: Duration? { hasPassed ? limit.map { .nanoseconds($0) } : nil }

  /// Gives the whole time again, because something has moved.
  package mutating func restart() { self = Deadline(nanoseconds: limit) }
}

extension Duration {
  /// Nanoseconds, at most the largest `Int`.
  package var wholeNanoseconds: Int {
    let (seconds, attoseconds) = components
    let (whole, overflow) = Int(clamping: seconds).multipliedReportingOverflow(by: 1_000_000_000)
    let (sum, overflowed) = whole.addingReportingOverflow(Int(attoseconds / 1_000_000_000))
    return overflow || overflowed ? (seconds < 0 ? .min : .max) : sum
  }

  /// Milliseconds, rounded up, so that a wait does not end before its time.
  package var wholeMilliseconds: Int {
    let (quotient, rest) = wholeNanoseconds.quotientAndRemainder(dividingBy: 1_000_000)
    return rest > 0 ? quotient + 1 : quotient
  }
}
