/// What a benchmark found, and on which machine.
struct BenchReport: Report {
  let action = "bench"
  let quick: Bool
  let seconds: Double
  let machine: BenchMachine
  let series: [BenchSeries]
  let skipped: [BenchSkip]
  let verdicts: [BenchVerdict]

  enum CodingKeys: CodingKey {
    case action, quick, seconds, machine, series, skipped, verdicts
  }

  init(_ result: BenchResult, _ machine: BenchMachine, quick: Bool, nanoseconds: Int) {
    self.quick = quick
    seconds = Double(nanoseconds) / 1e9
    self.machine = machine
    series = result.series
    skipped = result.skipped
    verdicts = BenchVerdict.all(result.series)
  }
}
