/// The unit in which values of about the same size are shown.
struct BenchScale {
  /// How many of the series' unit one of this unit is.
  let divisor: Double
  let name: String

  /// - Parameters:
  ///   - unit: the unit of the values.
  ///   - largest: the largest of the values.
  init(_ unit: BenchSeries.Unit, largest: Double) {
    let units: [(Double, String)] =
      switch unit {
      case .nanoseconds: [(1e9, "s"), (1e6, "ms"), (1e3, "us"), (1, "ns")]
      case .bytesPerSecond: [(1e9, "GB/s"), (1e6, "MB/s"), (1e3, "kB/s"), (1, "B/s")]
      case .pagesPerSecond: [(1e6, "million pages/s"), (1, "pages/s")]
      }
    (divisor, name) = units.first { largest >= $0.0 } ?? units.last ?? (1, "")
  }

  private init(divisor: Double, name: String) { (self.divisor, self.name) = (divisor, name) }

  /// The unit of an axis of rates.
  static let gigabytes = BenchScale(divisor: 1e9, name: "GB/s")

  /// A value without its unit.
  func figure(_ value: Double) -> String { Format.figure(value / divisor) }

  /// A value with its unit.
  func text(_ value: Double) -> String { "\(figure(value)) \(name)" }

  /// A round value without superfluous zeros: `0.1`, `20`.
  func tick(_ value: Double) -> String {
    let value = value / divisor
    if value >= 1 || value <= 0 { return "\(Int(value.rounded()))" }
    var decimals = 0
    var scaled = value
    while decimals < 9, scaled < 0.9999999 {
      scaled *= 10
      decimals += 1
    }
    return "0." + String(repeating: "0", count: max(0, decimals - 1)) + "\(Int(scaled.rounded()))"
  }
}

extension BenchSeries.Unit {
  /// Whether a smaller value is better.
  var isTime: Bool { self == .nanoseconds }
}
