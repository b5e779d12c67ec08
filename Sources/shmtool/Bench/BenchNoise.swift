/// What counts as a difference between two methods that were measured in turn.
///
/// Each round measures all methods within a fraction of a second, so the ratio of two methods in one round depends less
/// on the state of the machine than their rates do. Noise between rounds is visible in the ratios. Noise
/// between runs is not, so `floor` allows for it.
enum BenchNoise {
  /// The part by which a ratio must exceed 1. The guide's page Measurements tells how it was measured.
  static let floor = 0.25
  /// The part of the rounds in which a ratio may be smaller than that, so that a disturbed round does not count. It is less
  /// than a pass of a quick benchmark, because a change of the machine that lasts for a pass must count.
  static let disturbed = 0.15
  /// The number of rounds below which the noise is unknown.
  static let fewestRounds = 3

  /// The ratio that all rounds reach, apart from the disturbed ones.
  ///
  /// - Parameter ratios: a ratio for each round.
  /// - Returns: one of the ratios; 0 if there are too few rounds.
  static func advantage(_ ratios: [Double]) -> Double {
    guard ratios.count >= fewestRounds else { return 0 }
    return ratios.sorted()[Int(disturbed * Double(ratios.count))]
  }

  /// The ratio in the median round; 0 if there are too few rounds. With an even number of rounds it is the geometric mean
  /// of the middle two, so the opposite ratio is the inverse.
  static func usual(_ ratios: [Double]) -> Double {
    guard ratios.count >= fewestRounds else { return 0 }
    let sorted = ratios.sorted()
    let (low, high) = (sorted[(sorted.count - 1) / 2], sorted[sorted.count / 2])
    return low.squareRoot() * high.squareRoot()
  }

  /// Whether a ratio is more than the floor above 1.
  static func isExceeded(by ratio: Double) -> Bool { ratio > 1 + floor }
}
