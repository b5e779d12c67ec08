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
  static func keep(_ choice: Choice) -> cshmtool_processors? { one(choice).flatMap(keep) }

  /// Keeps this thread on some processors.
  ///
  /// - Parameter processors: the processors.
  /// - Returns: those that the thread had; nil if it keeps them, because the kernel refuses.
  static func keep(_ processors: cshmtool_processors) -> cshmtool_processors? {
    var (before, processors) = (cshmtool_processors(), processors)
    guard unsafe cshmtool_get_processors(&before) == 0,
      unsafe cshmtool_set_processors(&processors) == 0
    else { return nil }
    return before
  }

  /// One of the processors of this thread; nil if it has only one.
  static func one(_ choice: Choice) -> cshmtool_processors? {
    var processors = cshmtool_processors()
    guard unsafe cshmtool_get_processors(&processors) == 0,
      unsafe cshmtool_keep_processor(&processors, choice == .last ? 1 : 0) > 1
    else { return nil }
    return processors
  }

  /// Lets this thread use the processors that it had.
  static func restore(_ before: cshmtool_processors?) {
    guard var before else { return }
    _ = unsafe cshmtool_set_processors(&before)
  }
}
