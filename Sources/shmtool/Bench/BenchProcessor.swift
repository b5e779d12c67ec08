import CShmTool

/// Gives each of two processes a processor. Otherwise the scheduler lets them share a processor in some rounds.
enum BenchProcessor {
  enum Choice {
    case first, last
  }

  /// Keeps this thread on one of its processors.
  ///
  /// - Parameter choice: the processor.
  /// - Returns: the processors that the thread had; nil if it keeps them, because it has only one.
  static func keep(_ choice: Choice) -> cshmtool_processors? {
    var before = cshmtool_processors()
    guard unsafe cshmtool_get_processors(&before) == 0 else { return nil }
    var one = before
    guard unsafe cshmtool_keep_processor(&one, choice == .last ? 1 : 0) > 1,
      unsafe cshmtool_set_processors(&one) == 0
    else { return nil }
    return before
  }

  /// Lets this thread use the processors that it had.
  static func restore(_ before: cshmtool_processors?) {
    guard var before else { return }
    _ = unsafe cshmtool_set_processors(&before)
  }
}
