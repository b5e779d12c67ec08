import ShmCore

/// The chart of one test, to be drawn on a terminal or as a picture.
struct BenchPanel {
  struct Point {
    let size: Int
    let value: Double
    /// The rank among the methods at this size.
    let rank: Int
  }

  /// The values of one method by the size of a message.
  struct Line {
    let name: String
    /// With ascending sizes.
    let points: [Point]
  }

  struct Row {
    let name: String
    /// The length of a bar; or the median, p99 and p99.9 of a span.
    let values: [Double]
    /// The values in words.
    let text: String
  }

  /// Rows below a title, which is empty if there is only one group.
  struct Group {
    let title: String
    let rows: [Row]
  }

  enum Shape {
    case lines([Line])
    case spans([Group])
    case bars([Group])
  }

  let title: String
  let shape: Shape
  let axis: BenchAxis
  /// The unit of the labels on the axis.
  let scale: BenchScale?

  /// A panel for each test that was measured.
  static func all(_ series: [BenchSeries]) -> [BenchPanel] {
    BenchTest.allCases.compactMap { test in
      let some = series.filter { $0.test == test }
      return some.isEmpty ? nil : BenchPanel(test, some)
    }
  }

  /// The methods or groups in the order of their first occurrence.
  static func distinct<Value: Equatable>(_ values: [Value]) -> [Value] {
    values.reduce(into: []) { found, value in
      if !found.contains(value) { found.append(value) }
    }
  }

  private init(_ test: BenchTest, _ series: [BenchSeries]) {
    switch test {
    case .transfer where Set(series.map(\.size)).count > 1:
      self.init("Transfer, GB/s by the size of a message", lines: series)
    case .transfer: self.init("Transfer", bars: series)
    case .fanOut: self.init("Fan-out, all receivers together", bars: series)
    case .memory: self.init("Memory made ready", bars: series)
    case .pages: self.init("Resident pages found", bars: series)
    case .latency: self.init("Latency of a round trip: median, p99 and p99.9", spans: series)
    case .pressure: self.init("Access to a page while memory is short", percentiles: series)
    }
  }

  private init(_ title: String, lines series: [BenchSeries]) {
    let lines = Self.distinct(series.map(\.method)).map { method in
      let points = series.filter { $0.method == method && $0.median > 0 }
        .map { Point(size: $0.size, value: $0.median, rank: $0.rank ?? 1) }.sorted {
          $0.size < $1.size
        }
      return Line(name: method, points: points)
    }
    self.title = title
    shape = .lines(lines)
    axis = BenchAxis(logarithmic: lines.flatMap { $0.points.map(\.value) })
    scale = .gigabytes
  }

  private init(_ title: String, bars series: [BenchSeries]) {
    let largest = series.map(\.median).max() ?? 0
    let scale = BenchScale(series[0].unit, largest: largest)
    let (common, groups) = Self.groups(series) { one in
      let resident = one.resident.map { ", \(ByteCount($0)) resident" } ?? ""
      return Row(
        name: one.method, values: [one.median], text: scale.text(one.median) + resident)
    }
    self.title = ([title] + common).joined(separator: ", ")
    shape = .bars(groups)
    axis = BenchAxis(upTo: largest)
    self.scale = scale
  }

  private init(_ title: String, spans series: [BenchSeries]) {
    let (common, groups) = Self.groups(series) { one in
      let values = one.distribution
      return Row(
        name: one.method, values: [values.p50, values.p99, values.p999],
        text: "\(Format.nanoseconds(values.p50)) to \(Format.nanoseconds(values.p999))")
    }
    self.title = ([title] + common).joined(separator: ", ")
    shape = .spans(groups)
    axis = BenchAxis(logarithmic: groups.flatMap { $0.rows.flatMap(\.values) })
    scale = nil
  }

  private init(_ title: String, percentiles series: [BenchSeries]) {
    let parts: [(String, KeyPath<Distribution, Double>)] = [
      ("median", \.p50), ("p90", \.p90), ("p99", \.p99), ("p99.9", \.p999), ("maximum", \.max),
    ]
    let groups = parts.map { name, part in
      Group(
        title: name,
        rows: series.map { one in
          let value = one.distribution[keyPath: part]
          return Row(name: one.method, values: [value], text: Format.nanoseconds(value))
        })
    }
    self.title = title
    shape = .bars(groups)
    axis = BenchAxis(logarithmic: groups.flatMap { $0.rows.flatMap(\.values) })
    scale = nil
  }

  /// The rows by the properties in which the series differ; what they have in common is part of the title.
  private static func groups(
    _ series: [BenchSeries], _ row: (BenchSeries) -> Row
  ) -> (common: [String], groups: [Group]) {
    let sizes = Set(series.map(\.size)).sorted()
    let counts = Set(series.map(\.receivers)).sorted()
    let areReceivers = series[0].test == .fanOut
    var common: [String] = []
    if sizes.count == 1 { common.append("\(ByteCount(sizes[0]))") }
    if areReceivers, counts.count == 1 { common.append(BenchSeries.receivers(counts[0])) }
    var groups: [Group] = []
    for count in counts {
      for size in sizes {
        let some = BenchRanking.ordered(
          series.filter { $0.size == size && $0.receivers == count })
        if some.isEmpty { continue }
        var title: [String] = []
        if areReceivers, counts.count > 1 { title.append(BenchSeries.receivers(count)) }
        if sizes.count > 1 { title.append("\(ByteCount(size))") }
        groups.append(Group(title: title.joined(separator: ", "), rows: some.map(row)))
      }
    }
    return (common, groups)
  }

  /// The label of a value on the axis.
  func label(_ value: Double) -> String {
    if let scale { return scale.tick(value) }
    let scale = BenchScale(.nanoseconds, largest: value)
    return "\(scale.tick(value)) \(scale.name)"
  }
}
