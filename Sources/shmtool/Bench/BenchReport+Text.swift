import ShmCore

extension BenchReport {
  func text(_ style: TextStyle) -> String {
    var parts = [
      DisplayWidth.wrapped(machineText, to: style.width).map { $0 + "\n" }.joined()
    ]
    for test in BenchTest.allCases {
      let some = series.filter { $0.test == test }
      if !some.isEmpty { parts.append(Self.text(test, some, style)) }
    }
    parts.append(
      BenchPlot(style, isUTF8: LocaleEncoding.isUTF8 { ProcessEnvironment[$0] }).text(series))
    if !skipped.isEmpty {
      parts.append(
        skipped.map { "not measured: \($0.test.rawValue), \($0.method): \($0.reason)\n" }.joined())
    }
    parts.append(
      verdicts.map { verdict in
        DisplayWidth.wrapped("On this machine \(verdict.text).", to: style.width)
          .map { $0 + "\n" }.joined()
      }.joined())
    if let comparison { parts.append(comparison.text) }
    return parts.joined(separator: "\n")
  }

  /// The machine in one sentence.
  var machineText: String {
    var facts = [
      "Linux \(machine.kernel.text { $0 })",
      machine.processors == 1 ? "1 processor" : "\(machine.processors) processors",
    ]
    if let model = machine.model.value { facts[1] += " (\(model))" }
    if let memory = machine.memory.value { facts.append("\(ByteCount(memory)) of memory") }
    if let latency = machine.coreLatency.value {
      facts.append("core-to-core latency \(Format.nanoseconds(latency))")
    }
    if let steal = machine.stealShare.value, steal >= 0.001 {
      facts.append("\(Format.figure(steal * 100)) % of the time stolen by the hypervisor")
    }
    return facts.joined(separator: ", ")
  }

  private static func text(
    _ test: BenchTest, _ series: [BenchSeries], _ style: TextStyle
  ) -> String {
    switch test {
    case .transfer:
      return "Transfer, GB/s by the size of a message, each with its rank\n"
        + rates(series, by: \.size, style) { "\(ByteCount($0))" } + "\n" + costs(series, style)
    case .fanOut:
      return "Fan-out, GB/s of all receivers together by their number, each with its rank\n"
        + rates(series, by: \.receivers, style) { "\($0)" }
    case .latency: return "Latency of a round trip\n" + distributions(series, style)
    case .memory:
      return "Memory made ready, \(ByteCount(series[0].size))\n"
        + figures(series, ["GB/s", "resident", "allocated"], style) { one in
          [Format.figure(one.median / 1e9)]
            + [one.resident, one.allocated].map { $0.map { "\(ByteCount($0))" } ?? "-" }
        }
    case .pages:
      return "Resident pages found, \(ByteCount(series[0].size)), half of it holes\n"
        + figures(series, ["million pages/s"], style) { [Format.figure($0.median / 1e6)] }
    case .pressure:
      return "Access to a page while memory is short\n" + distributions(series, style)
    }
  }

  /// Rates, a row for each method and a column for each value of a property. If not all columns fit, every second one
  /// is shown.
  private static func rates(
    _ series: [BenchSeries], by property: KeyPath<BenchSeries, Int>, _ style: TextStyle,
    _ heading: (Int) -> String
  ) -> String {
    var values = Set(series.map { $0[keyPath: property] }).sorted()
    let methods = methods(series)
    let room = style.width - (methods.map(\.count).max() ?? 0)
    // A figure, a rank of two digits and the blanks before them have 10 columns.
    while values.count > 1, values.count * 10 > room {
      values = values.indices.filter { $0 % 2 == 0 }.map { values[$0] }
    }
    var table = Table(
      columns: [Table.Column(heading: "method", fit: .shortened)]
        + values.map { Table.Column(heading: heading($0), alignsRight: true) })
    let digits = "\(series.compactMap(\.rank).max() ?? 1)".count
    for method in methods {
      let cells = values.map { value in
        series.first { $0.method == method && $0[keyPath: property] == value }
          .map { Format.figure($0.median / 1e9) + ranked($0, width: digits) } ?? "-"
      }
      table.rows.append([method] + cells)
    }
    return table.text(headings: true, limit: style.limit)
  }

  /// What 1 GiB costs, at the size that is next to 256 KiB.
  private static func costs(_ series: [BenchSeries], _ style: TextStyle) -> String {
    let sizes = Set(series.map(\.size)).sorted()
    guard let size = sizes.last(where: { $0 <= 256 << 10 }) ?? sizes.first else { return "" }
    var table = Table(
      columns: [Table.Column(heading: "1 GiB in messages of \(ByteCount(size))", fit: .shortened)]
        + ["CPU s", "context switches", "system calls"].map {
          Table.Column(heading: $0, alignsRight: true)
        })
    for method in methods(series) {
      guard let cost = series.first(where: { $0.method == method && $0.size == size })?.perGib
      else { continue }
      table.rows.append([
        method, Format.figure(cost.processorSeconds), "\(Int(cost.contextSwitches.rounded()))",
        "\(Int(cost.systemCalls.rounded()))",
      ])
    }
    return table.text(headings: true, limit: style.limit)
  }

  /// A row for each method, the best first.
  private static func figures(
    _ series: [BenchSeries], _ headings: [String], _ style: TextStyle,
    _ cells: (BenchSeries) -> [String]
  ) -> String {
    var table = Table(
      columns: [Table.Column(heading: "method", fit: .shortened)]
        + (["rank"] + headings).map { Table.Column(heading: $0, alignsRight: true) })
    for one in BenchRanking.ordered(series) {
      table.rows.append([one.method, ranked(one)] + cells(one))
    }
    return table.text(headings: true, limit: style.limit)
  }

  /// A rank, after a blank if it stands beside a figure.
  ///
  /// - Parameters:
  ///   - series: the series.
  ///   - width: the columns of the rank; 0 if it stands alone.
  /// - Returns: the text.
  private static func ranked(_ series: BenchSeries, width: Int = 0) -> String {
    let rank = series.rank.map { "\($0)" } ?? "-"
    return width == 0
      ? rank : " " + String(repeating: " ", count: max(0, width - rank.count)) + rank
  }

  private static func distributions(_ series: [BenchSeries], _ style: TextStyle) -> String {
    var table = Table(
      columns: [Table.Column(heading: "method", fit: .shortened)]
        + ["size", "rank", "median", "p99", "p99.9", "max"].map {
          Table.Column(heading: $0, alignsRight: true)
        })
    for one in BenchRanking.ordered(series) {
      let values = one.distribution
      table.rows.append(
        [one.method, "\(ByteCount(one.size))", ranked(one)]
          + [values.p50, values.p99, values.p999, values.max].map { Format.nanoseconds($0) })
    }
    return table.text(headings: true, limit: style.limit)
  }

  /// The methods in the order in which they were measured.
  private static func methods(_ series: [BenchSeries]) -> [String] {
    var found: [String] = []
    for one in series where !found.contains(one.method) { found.append(one.method) }
    return found
  }
}
