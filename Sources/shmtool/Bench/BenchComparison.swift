import ShmCore

/// The series of a run beside those of an earlier run.
struct BenchComparison {
  /// A fact in which the machines of both runs differ.
  struct Difference: Equatable {
    /// The key of the fact in the report.
    let fact: String
    /// The texts; nil if a run does not have the fact.
    let before: String?
    let now: String?
  }

  /// The part of the smaller median by which medians differ at least.
  static let threshold = 0.1
  /// The number of samples below which the noise of a series is unknown.
  static let fewestSamples = 3
  /// How often a slower series is measured again. The processes of each measurement are new, because some conditions last
  /// as long as a process.
  static let confirmations = 3
  /// The facts that differ between two runs on one machine.
  static let varyingFacts: Set<String> = ["core_latency", "steal_share"]

  /// The series whose medians differ by more than noise explains.
  private(set) var slower: [Change] = []
  private(set) var faster: [Change] = []
  /// The number of series of both runs.
  private(set) var compared = 0
  /// The series that only this run has.
  private(set) var added: [BenchSeries] = []
  /// The series that only the earlier run has.
  private(set) var missing: [BenchSeries] = []
  /// In what the machines differ, by the names of the facts.
  let differences: [Difference]

  /// Compares two runs.
  ///
  /// - Parameters:
  ///   - series: the series of this run.
  ///   - machine: the facts of this machine, see `BenchBaseline.facts`.
  ///   - baseline: the earlier run.
  /// - Complexity: O(*n* · *m*) in the numbers of the series.
  init(_ series: [BenchSeries], machine: [String: String], with baseline: BenchBaseline) {
    self.init(series, with: baseline.series, Self.differences(baseline.machine, machine))
  }

  private init(_ series: [BenchSeries], with earlier: [BenchSeries], _ differences: [Difference]) {
    self.differences = differences
    for one in series {
      guard let before = earlier.first(where: { $0.measures(theSameAs: one) }) else {
        added.append(one)
        continue
      }
      compared += 1
      let change = Change(series: one, before: before)
      guard change.isBeyondNoise else { continue }
      if change.slowdown > 1 { slower.append(change) } else { faster.append(change) }
    }
    missing = earlier.filter { before in !series.contains { $0.measures(theSameAs: before) } }
  }

  /// Keeps a slower series only if another measurement is slower, too. One of many series is slow by chance.
  ///
  /// - Parameter again: the series of the other measurement. A series that is missing was not confirmed or refuted,
  ///   and is kept.
  mutating func confirm(with again: [BenchSeries]) {
    slower.removeAll { change in
      guard let second = again.first(where: { $0.measures(theSameAs: change.series) }) else {
        return false
      }
      // The noise of each further measurement need not be small.
      return !Change(series: second, before: change.before).isSlowerBeyondThreshold
    }
  }

  /// The facts that are not the same.
  static func differences(_ before: [String: String], _ now: [String: String]) -> [Difference] {
    Set(before.keys).union(now.keys).subtracting(varyingFacts).sorted()
      .filter { before[$0] != now[$0] }
      .map { Difference(fact: $0, before: before[$0], now: now[$0]) }
  }

  /// A warning about the machine; nil if both runs had the same one.
  var warning: String? {
    if differences.isEmpty { return nil }
    let facts = differences.map { difference in
      "\(difference.name) is \(Self.text(difference.now)), was \(Self.text(difference.before))"
    }
    return "the earlier run measured a different machine or configuration: "
      + facts.joined(separator: "; ")
  }

  /// A fact of a file that others may have written.
  private static func text(_ fact: String?) -> String {
    fact.map { "'\(Escaping.printable($0))'" } ?? "unknown"
  }

  /// A line for each slower series, and a line with the numbers of all.
  func text(width: Int) -> String {
    var sentence = "\(compared) series compared with the earlier run: "
    sentence +=
      slower.isEmpty && faster.isEmpty
      ? "no difference beyond noise" : "\(slower.count) slower, \(faster.count) faster"
    var only: [String] = []
    if !added.isEmpty { only.append("\(added.count) only in this run") }
    if !missing.isEmpty { only.append("\(missing.count) only in the earlier run") }
    if !only.isEmpty { sentence += "; " + only.joined(separator: ", ") }
    return (slower.map(\.text) + [sentence])
      .flatMap { DisplayWidth.wrapped($0, to: width) }.map { $0 + "\n" }.joined()
  }
}

extension BenchComparison.Difference {
  /// The fact in words: `page_size` becomes `page size`. Another program may have written the file.
  var name: String { Escaping.printable(fact.replacing("_", with: " ")) }
}

extension BenchSeries {
  /// The method, with the size and the number of receivers: `pipes of 256 KiB to 4 receivers`.
  var title: String {
    "\(method) of \(ByteCount(size))" + (test == .fanOut ? " to \(Self.receivers(receivers))" : "")
  }

  /// A number of receivers in words.
  static func receivers(_ count: Int) -> String {
    count == 1 ? "1 receiver" : "\(count) receivers"
  }
}
