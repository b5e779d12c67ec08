import ShmCore

/// How long one end may go on waiting: until a point in time, or as long as something moves.
struct StreamClock {
  private let limit: Int?
  private var deadline: Int?

  /// - Parameter milliseconds: the time that may pass; nil for no limit.
  init(_ milliseconds: Int?) {
    limit = milliseconds
    deadline = milliseconds.map { Clock.nanoseconds + $0 * 1_000_000 }
  }

  /// No time at all: for a look that does not wait.
  static var now: StreamClock { StreamClock(0) }

  /// The time that is left, in milliseconds; nil for no limit.
  var left: Int? { deadline.map { max(0, ($0 - Clock.nanoseconds + 999_999) / 1_000_000) } }

  /// The limit where it has passed.
  var passed: Int? { left == 0 ? limit : nil }

  /// Something has moved: the time begins anew.
  mutating func restart() { self = StreamClock(limit) }
}
