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

  /// Runs the tests.
  ///
  /// - Parameter quick: whether the plan is the quick one.
  /// - Returns: what was found.
  /// - Throws: an error of kind `interrupted` after a signal, and the errors of a measurement.
  func report(quick: Bool) throws(ShmError) -> BenchReport {
    defer { progress.finish() }
    var machine = BenchMachine.current
    let ticks = ProcessorTicks.current
    let start = Clock.nanoseconds
    var result = BenchResult()
    var times: [BenchTest: Int] = [:]
    for test in tests {
      let before = Clock.nanoseconds
      let found = try run(test)
      result.series += found.series
      result.skipped += found.skipped
      times[test] = Clock.nanoseconds - before
    }
    progress.finish()
    if plan.passes > 1 { try refine(&result, since: start, times: times) }
    if let ticks, let now = ProcessorTicks.current {
      machine.stealShare = Unknowable(now.stealShare(since: ticks))
    }
    machine.coreLatency = Unknowable(CoreLatency.usual(of: result.series))
    return BenchReport(
      result, machine, quick: quick, nanoseconds: Clock.nanoseconds - start)
  }

  /// Measures some series again, in less time than all.
  ///
  /// - Parameter series: series that this run has measured.
  /// - Returns: these series, and others that are measured with them.
  /// - Throws: as `report(quick:)`.
  func again(_ series: [BenchSeries]) throws(ShmError) -> [BenchSeries] {
    let plan = plan.measuring(
      series, passes: (BenchComparison.fewestSamples + plan.rounds - 1) / plan.rounds)
    let progress = progress.another(
      steps: Self.steps(tests.filter { test in series.contains { $0.test == test } }, plan))
    defer { progress.finish() }
    return try measure(series, plan, progress)
  }

  /// Measures some series by a part of the plan.
  func measure(
    _ series: [BenchSeries], _ plan: BenchPlan, _ progress: BenchProgress
  ) throws(ShmError) -> [BenchSeries] {
    let second = BenchRun(tests: tests, plan: plan, interrupt: interrupt, progress: progress)
    var found: [BenchSeries] = []
    for test in tests where series.contains(where: { $0.test == test }) {
      found += try second.run(test).series
    }
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
