import Glibc

/// An axis of a chart: positions of values, and the values that are labelled.
struct BenchAxis: Equatable {
  let low: Double
  let high: Double
  let isLogarithmic: Bool

  /// A logarithmic axis from one round value to another.
  ///
  /// - Parameter values: what it must hold. Values that are not positive have no place on it.
  init(logarithmic values: [Double]) {
    let positive = values.filter { $0 > 0 && $0.isFinite }
    let low = positive.min() ?? 1
    let high = positive.max() ?? 10
    isLogarithmic = true
    self.low = Self.round(low, up: false)
    // One value alone is on the axis, not at its end.
    self.high = max(Self.round(high, up: true), self.low * 10)
  }

  /// A logarithmic axis from the smallest to the largest value.
  init(exactly values: [Double]) {
    low = values.min() ?? 1
    high = max(values.max() ?? 10, low * 1.001)
    isLogarithmic = true
  }

  /// A linear axis from 0.
  init(upTo largest: Double) {
    low = 0
    high = largest > 0 && largest.isFinite ? largest : 1
    isLogarithmic = false
  }

  /// The place of a value: 0 at the lower end, 1 at the upper end, and at the nearer end if it is beyond.
  func position(_ value: Double) -> Double {
    guard value > low else { return 0 }
    guard value < high else { return 1 }
    return isLogarithmic
      ? log(value / low) / log(high / low) : (value - low) / (high - low)
  }

  /// Round values to label, ascending.
  ///
  /// - Parameter most: the largest number of them, 2 or more.
  /// - Returns: values from the lower to the upper end.
  func ticks(most: Int) -> [Double] {
    isLogarithmic ? logarithmicTicks(most: most) : linearTicks(most: most)
  }

  private func logarithmicTicks(most: Int) -> [Double] {
    let decades = Self.exponent(low)...max(Self.exponent(low), Self.exponent(high))
    func values(_ steps: [Double]) -> [Double] {
      decades.flatMap { exponent in steps.map { $0 * Self.power(exponent) } }
        .filter { $0 >= low * 0.999 && $0 <= high * 1.001 }
    }
    for steps in [[1.0, 2, 5], [1.0, 3], [1.0]] {
      let ticks = values(steps)
      if ticks.count <= most { return ticks }
    }
    let ticks = values([1])
    let step = (ticks.count + most - 1) / most
    return ticks.indices.filter { $0 % step == 0 }.map { ticks[$0] }
  }

  private func linearTicks(most: Int) -> [Double] {
    let rough = high / Double(max(1, most - 1))
    let power = Self.power(Self.exponent(rough))
    var step = ([1.0, 2, 5].first { $0 * power >= rough * 0.999 } ?? 10) * power
    // 0 alone is no scale.
    if step > high { step = Self.round(high, up: false) }
    let ticks = (0...Int((high / step * 1.001).rounded(.down))).map { Double($0) * step }
    return ticks.count <= most ? ticks : [0, ticks[ticks.count - 1]]
  }

  /// The next of 1, 2, 5, 10 and so on.
  private static func round(_ value: Double, up: Bool) -> Double {
    let power = power(exponent(value))
    let steps = [1.0, 2, 5, 10]
    return up
      ? (steps.first { $0 * power >= value * 0.999_999 } ?? 10) * power
      : (steps.last { $0 * power <= value * 1.000_001 } ?? 1) * power
  }

  private static func exponent(_ value: Double) -> Int {
    Int(log10(value * 1.000_000_001).rounded(.down))
  }

  /// A power of ten as its literal is: 0.001, not the product of three tenths.
  private static func power(_ exponent: Int) -> Double { pow(10, Double(exponent)) }
}
