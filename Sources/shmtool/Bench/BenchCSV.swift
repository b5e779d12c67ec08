/// Series as comma-separated values. RFC 4180
enum BenchCSV {
  static let columns = [
    "test", "method", "size", "receivers", "unit", "median", "min", "p50", "p90", "p99", "p999",
    "max", "samples", "processor_seconds_per_gib", "context_switches_per_gib",
    "system_calls_per_gib", "resident", "rank",
  ]

  /// A line of headings, and a line for each series. A value that was not measured is empty.
  static func text(_ series: [BenchSeries]) -> String {
    ([columns] + series.map(row)).reduce(into: "") { text, fields in
      text += fields.map(field).joined(separator: ",") + "\r\n"
    }
  }

  private static func row(_ series: BenchSeries) -> [String] {
    let values = series.distribution
    let cost = series.perGib
    let numbers: [Double?] = [
      series.median, values.min, values.p50, values.p90, values.p99, values.p999, values.max,
    ]
    let costs = [cost?.processorSeconds, cost?.contextSwitches, cost?.systemCalls]
    return [series.test.rawValue, series.method, "\(series.size)", "\(series.receivers)"]
      + [series.unit.rawValue] + numbers.map(number) + ["\(series.samples.count)"]
      + costs.map(number) + [series.resident, series.rank].map { $0.map { "\($0)" } ?? "" }
  }

  /// A number that a program reads back exactly.
  private static func number(_ value: Double?) -> String {
    guard let value, value.isFinite else { return "" }
    return Int(exactly: value).map { "\($0)" } ?? "\(value)"
  }

  private static func field(_ text: String) -> String {
    let needsQuotes = text.utf8.contains { [0x22, 0x2C, 0x0A, 0x0D].contains($0) }
    return needsQuotes ? "\"" + text.replacing("\"", with: "\"\"") + "\"" : text
  }
}
