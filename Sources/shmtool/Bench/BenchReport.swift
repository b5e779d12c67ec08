/// What a benchmark found, and on which machine.
struct BenchReport: Report {
  let action = "bench"
  let quick: Bool
  let seconds: Double
  let machine: BenchMachine
  let series: [BenchSeries]
  let skipped: [BenchSkip]
  let verdicts: [BenchVerdict]
  /// How the series compare with an earlier run; omitted without one.
  var comparison: Comparison?

  enum CodingKeys: CodingKey {
    case action, quick, seconds, machine, series, skipped, verdicts, comparison
  }

  /// The series beside those of an earlier run.
  struct Comparison: Encodable {
    /// A series whose medians differ by more than noise explains.
    struct Change: Encodable {
      let test: BenchTest
      let method: String
      let size: Int
      let receivers: Int
      let before: Double
      let now: Double

      init(_ change: BenchComparison.Change) {
        let series = change.series
        (test, method, size) = (series.test, series.method, series.size)
        (receivers, before, now) = (series.receivers, change.medianBefore, change.median)
      }
    }

    let compared: Int
    let slower: [Change]
    let faster: [Change]
    /// In words, for the text.
    let text: String

    enum CodingKeys: CodingKey {
      case compared, slower, faster
    }

    init(_ comparison: BenchComparison, width: Int) {
      compared = comparison.compared
      slower = comparison.slower.map { Change($0) }
      faster = comparison.faster.map { Change($0) }
      text = comparison.text(width: width)
    }
  }

  init(_ result: BenchResult, _ machine: BenchMachine, quick: Bool, nanoseconds: Int) {
    self.quick = quick
    seconds = Double(nanoseconds) / 1e9
    self.machine = machine
    series = BenchRanking.ranked(result.series)
    skipped = result.skipped
    verdicts = BenchVerdict.all(series)
    comparison = nil
  }
}
