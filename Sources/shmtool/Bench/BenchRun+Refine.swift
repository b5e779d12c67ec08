import ShmCore

extension BenchRun {
  /// The time of a quick benchmark, in nanoseconds. It is below the 20 s that the help promises.
  private static let quickTime = 17_800_000_000
  /// How often a question is measured at most.
  private static let mostTimes = 6

  /// Measures the further passes of the plan, and then the questions whose rounds leave pairs of methods undecided, as
  /// long as the time of a quick benchmark allows. The processes of each pass are new ones.
  ///
  /// - Parameters:
  ///   - result: what was measured. It gets further rounds.
  ///   - start: when the benchmark began.
  ///   - times: the nanoseconds of the measurement of each test.
  /// - Throws: as `report(quick:)`.
  func refine(
    _ result: inout BenchResult, since start: Int, times: [BenchTest: Int]
  ) throws(ShmError) {
    let end = start + Self.quickTime
    let progress = progress.another(until: end)
    defer { progress.finish() }
    var questions = BenchRanking.questions(result.series)
      .filter { result.series[$0[0]].test != .pressure }
      .map { Question($0, of: result.series, times: times) }
    func measure(_ index: Int) throws(ShmError) {
      let series = questions[index].places.map { result.series[$0] }
      let before = Clock.nanoseconds
      let found = try self.measure(series, plan.measuring(series), progress)
      questions[index].add(found, to: &result.series)
      questions[index].time = max(questions[index].time, Clock.nanoseconds - before)
    }
    for _ in 1..<plan.passes {
      for index in questions.indices where questions[index].fits(until: end) {
        try measure(index)
      }
    }
    while let next = questions.indices.filter({ questions[$0].canTellMore(until: end) })
      .max(by: { questions[$0].need < questions[$1].need })
    {
      try measure(next)
    }
  }

  /// A question that can be measured again.
  private struct Question {
    /// The places of its series.
    let places: [Int]
    /// The nanoseconds of one measurement.
    var time: Int
    private var measured = 1
    private var undecided: Int

    init(_ places: [Int], of series: [BenchSeries], times: [BenchTest: Int]) {
      self.places = places
      let test = series[places[0]].test
      let count = Set(series.filter { $0.test == test }.map(\.question)).count
      time = (times[test] ?? 0) / count
      undecided = BenchRanking.undecided(places.map { series[$0] })
    }

    /// How much more rounds may tell.
    var need: Double { Double(undecided) / Double(measured) }

    /// Whether a measurement is likely to end in time.
    func fits(until end: Int) -> Bool { Clock.nanoseconds + time + time / 4 < end }

    /// Whether further rounds can decide a pair of methods.
    func canTellMore(until end: Int) -> Bool {
      undecided > 0 && measured < BenchRun.mostTimes && fits(until: end)
    }

    /// Adds the new rounds, if they have all methods.
    mutating func add(_ found: [BenchSeries], to series: inout [BenchSeries]) {
      measured += 1
      let new = places.compactMap { place in
        found.first { $0.measures(theSameAs: series[place]) }
      }
      guard new.count == places.count else { return }
      for (place, one) in zip(places, new) { series[place].add(one) }
      undecided = BenchRanking.undecided(places.map { series[$0] })
    }
  }
}
