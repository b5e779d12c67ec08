/// The pauses between the looks of a wait, in nanoseconds.
struct WaitPace: Hashable {
  /// The pause if no event reports the change.
  let interval: Int
  /// The longest pause if events report the change: the rename of a parent directory, for example, sends no event.
  let whenTold: Int
  /// The shortest pause after an event, so that many events do not cause many looks.
  let shortest: Int

  /// - Parameters:
  ///   - waited: how long the wait has taken until now.
  ///   - look: how long the last look took.
  init(waited: Int, look: Int) {
    let quiet = look.multipliedReportingOverflow(by: 50)
    let least = min(quiet.overflow ? Int.max : quiet.partialValue, Self.longest)
    interval = max(least, min(max(waited / 100, 10_000_000), 100_000_000))
    whenTold = max(least, 1_000_000_000)
    shortest = max(1_000_000, least / 5)
  }

  /// The longest pause, however long a look takes.
  static let longest = 60_000_000_000
}
