import ShmCore

/// The share of a benchmark that is done, on stderr. Each step also ends the benchmark if a signal has come.
final class BenchProgress {
  private let line: ProgressLine
  private let isWanted: Bool
  private let isQuiet: Bool
  private var done = 0
  /// The start time in nanoseconds, if the duration is fixed.
  private var start: Int?

  /// - Parameters:
  ///   - steps: the number of all steps.
  ///   - isWanted: whether progress is shown even if stderr is not a terminal.
  ///   - isQuiet: whether it is never shown.
  init(steps: Int, isWanted: Bool, isQuiet: Bool) {
    (self.isWanted, self.isQuiet) = (isWanted, isQuiet)
    line = ProgressLine(total: steps, isWanted: isWanted, isQuiet: isQuiet) { done, total, _ in
      "\(min(100, done * 100 / max(1, total ?? 0))) % measured"
    }
  }

  /// The progress of another measurement, shown where this one is.
  func another(steps: Int) -> BenchProgress {
    BenchProgress(steps: steps, isWanted: isWanted, isQuiet: isQuiet)
  }

  /// The progress of a measurement that lasts until a time.
  ///
  /// - Parameter end: the time in nanoseconds of the monotonic clock.
  /// - Returns: the progress, shown where this one is.
  func another(until end: Int) -> BenchProgress {
    let now = Clock.nanoseconds
    let other = another(steps: max(1, end - now))
    other.start = now
    return other
  }

  func step() throws(ShmError) {
    done = start.map { Clock.nanoseconds - $0 } ?? done + 1
    line.update(done)
    try SignalMask.checkPending(BenchCall.attempt)
  }

  func finish() { _ = line.finish() }
}
