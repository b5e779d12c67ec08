import ShmCore

/// All tests of a benchmark, one after the other.
struct BenchRun {
  let tests: [BenchTest]
  let plan: BenchPlan
  /// Becomes readable when a signal comes.
  let interrupt: CInt
  let progress: BenchProgress

  /// The number of steps of the progress.
  static func steps(_ tests: [BenchTest], _ plan: BenchPlan) -> Int {
    tests.reduce(0) { sum, test in
      switch test {
      case .transfer: sum + TransferBench.steps(plan)
      case .latency: sum + LatencyBench.steps(plan)
      case .fanOut: sum + FanOutBench.steps(plan)
      case .memory: sum + MemoryBench.steps(plan)
      case .pages: sum + PagesBench.steps(plan)
      case .pressure: sum + PressureBench.steps(plan)
      }
    }
  }

  func report(quick: Bool) throws(ShmError) -> BenchReport {
    defer { progress.finish() }
    var machine = BenchMachine.current
    let ticks = ProcessorTicks.current
    let start = Clock.nanoseconds
    var result = BenchResult()
    for test in tests {
      let found = try run(test)
      result.series += found.series
      result.skipped += found.skipped
    }
    if let ticks, let now = ProcessorTicks.current {
      machine.stealShare = Unknowable(now.stealShare(since: ticks))
    }
    return BenchReport(
      result, machine, quick: quick, nanoseconds: Clock.nanoseconds - start)
  }

  /// Measures some series again, in less time than all.
  ///
  /// - Parameter series: series that this run has measured.
  /// - Returns: these series, and others that are measured with them.
  /// - Throws: as `report(quick:)`.
  func again(_ series: [BenchSeries]) throws(ShmError) -> [BenchSeries] {
    let plan = plan.measuring(series)
    let tests = tests.filter { test in series.contains { $0.test == test } }
    let second = BenchRun(
      tests: tests, plan: plan, interrupt: interrupt,
      progress: progress.another(steps: Self.steps(tests, plan)))
    defer { second.progress.finish() }
    var found: [BenchSeries] = []
    for test in tests { found += try second.run(test).series }
    return found
  }

  private func run(_ test: BenchTest) throws(ShmError) -> BenchResult {
    switch test {
    case .transfer:
      try TransferBench(plan: plan, interrupt: interrupt, progress: progress).run()
    case .latency: try LatencyBench(plan: plan, interrupt: interrupt, progress: progress).run()
    case .fanOut: try FanOutBench(plan: plan, interrupt: interrupt, progress: progress).run()
    case .memory: try MemoryBench(plan: plan, progress: progress).run()
    case .pages: try PagesBench(plan: plan, progress: progress).run()
    case .pressure: try PressureBench(plan: plan, progress: progress).run()
    }
  }
}
