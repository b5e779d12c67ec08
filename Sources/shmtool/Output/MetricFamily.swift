import ShmCore

/// The samples of one metric, in the text format that both Prometheus (version 0.0.4) and OpenMetrics define.
///
/// All metrics are gauges, because every value can decrease. Samples have no timestamps: the textfile collector of
/// node_exporter rejects them.
struct MetricFamily {
  enum Unit: String {
    case bytes
  }

  /// A value of a sample.
  enum Value: Equatable {
    case integer(Int)
    /// There is no limit.
    case infinity

    var text: String {
      switch self {
      case .integer(let integer): "\(integer)"
      case .infinity: "+Inf"
      }
    }
  }

  struct Sample {
    let labels: [(name: String, value: String)]
    let value: Value
  }

  let name: String
  let help: String
  let unit: Unit?
  private(set) var samples: [Sample] = []

  /// - Parameters:
  ///   - name: the name without the prefix of the program and without the unit.
  ///   - unit: the unit, which ends the name; nil for a number of objects.
  ///   - help: a sentence.
  init(_ name: String, _ unit: Unit? = nil, _ help: String) {
    self.name = "shmtool_\(name)" + (unit.map { "_\($0.rawValue)" } ?? "")
    self.help = help
    self.unit = unit
  }

  /// Adds a sample; an unknown value has no sample.
  mutating func add(_ value: Value?, _ labels: [(name: String, value: String)] = []) {
    if let value { samples.append(Sample(labels: labels, value: value)) }
  }

  /// The same for a number.
  mutating func add(_ value: Int?, _ labels: [(name: String, value: String)] = []) {
    add(value.map { .integer($0) }, labels)
  }

  /// A family with the sample, if its value is known.
  func with(_ value: Value?, _ labels: [(name: String, value: String)] = []) -> MetricFamily {
    var family = self
    family.add(value, labels)
    return family
  }

  /// The same for a number.
  func with(_ value: Int?, _ labels: [(name: String, value: String)] = []) -> MetricFamily {
    with(value.map { .integer($0) }, labels)
  }

  /// The text of all families with samples. OpenMetrics requires the last line, `# EOF`; Prometheus treats it as a
  /// comment.
  static func text(_ families: [MetricFamily]) -> String {
    families.filter { !$0.samples.isEmpty }.map(\.text).joined() + "# EOF\n"
  }

  private var text: String {
    var text = "# HELP \(name) \(Self.escaped(help))\n# TYPE \(name) gauge\n"
    if let unit { text += "# UNIT \(name) \(unit.rawValue)\n" }
    for sample in samples {
      let labels = sample.labels.map { "\($0.name)=\"\(Self.escaped($0.value))\"" }
      text += name + (labels.isEmpty ? "" : "{\(labels.joined(separator: ","))}")
      text += " \(sample.value.text)\n"
    }
    return text
  }

  /// The text of a label or of a help. The Prometheus format keeps `\"` in a help as it is: a help has no quotation
  /// marks.
  private static func escaped(_ text: String) -> String {
    text.unicodeScalars.reduce(into: "") { escaped, scalar in
      switch scalar {
      case "\\": escaped += "\\\\"
      case "\"": escaped += "\\\""
      case "\n": escaped += "\\n"
      default: escaped.unicodeScalars.append(scalar)
      }
    }
  }
}
