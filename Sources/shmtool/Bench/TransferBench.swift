import Glibc
import ShmCore

/// Bytes from one process to another by each method, with messages of several sizes.
struct TransferBench {
  let plan: BenchPlan
  let interrupt: CInt
  let progress: BenchProgress

  /// The number of steps of the progress.
  static func steps(_ plan: BenchPlan) -> Int { plan.transferSizes.count * (plan.rounds + 1) }

  func run() throws(ShmError) -> BenchResult {
    var result = BenchResult()
    let largest = plan.largestTransfer
    let source = try BenchSource(size: largest)
    let buffer = try Allocation.pages(largest, BenchCall.attempt)
    let directory = try BenchDirectory()
    var sessions: [TransferSession] = []
    for method in BenchMethod.transfers {
      do throws(ShmError) {
        sessions.append(try TransferSession(method, source, directory, interrupt: interrupt))
      } catch {
        try result.skip(.transfer, method, because: error)
      }
    }
    directory.remove()
    let core = CoreLatency()
    let processors = BenchProcessor.keep(.first)
    defer { BenchProcessor.restore(processors) }
    for size in plan.transferSizes {
      result.series += try measure(
        size, sessions.filter { size <= $0.largestMessage }, into: buffer, source, core)
    }
    return result
  }

  /// All methods with one size, in turn.
  private func measure(
    _ size: Int, _ sessions: [TransferSession], into buffer: borrowing OwnedPages,
    _ source: borrowing BenchSource, _ core: CoreLatency
  ) throws(ShmError) -> [BenchSeries] {
    var counts: [Int] = []
    for session in sessions {
      counts.append(try warmUp(session, size, into: buffer, source))
    }
    try progress.step()
    var samples = [[TransferSession.Sample]](repeating: [], count: sessions.count)
    var latencies = [[Double?]](repeating: [], count: sessions.count)
    for _ in 0..<plan.rounds {
      for (index, session) in sessions.enumerated() {
        let (sample, latency) = try core.around { () throws(ShmError) in
          try session.measure(size: size, count: counts[index], into: buffer, source)
        }
        samples[index].append(sample)
        latencies[index].append(latency)
      }
      try progress.step()
    }
    return sessions.indices.map { index in
      var series = series(sessions[index].method, size, samples[index])
      // A copy within one process does not depend on it.
      if sessions[index].method != .copy { series.coreLatencies = core.series(latencies[index]) }
      return series
    }
  }

  /// Runs until the time of a measurement has passed, and returns how many messages it takes.
  private func warmUp(
    _ session: TransferSession, _ size: Int, into buffer: borrowing OwnedPages,
    _ source: borrowing BenchSource
  ) throws(ShmError) -> Int {
    var count = max(1, (64 << 10) / size)
    while true {
      let sample = try session.measure(size: size, count: count, into: buffer, source)
      let next = plan.count(
        ofMessagesTaking: Double(sample.nanoseconds) / Double(count))
      if sample.nanoseconds >= plan.sampleTime / 4 || next <= count { return next }
      count = min(next, count * 16)
    }
  }

  private func series(
    _ method: BenchMethod, _ size: Int, _ samples: [TransferSession.Sample]
  ) -> BenchSeries {
    let bytes = samples.reduce(0) { $0 + $1.bytes }
    func perGib(_ amount: Int) -> Double { Double(amount) / (Double(bytes) / Double(1 << 30)) }
    return BenchSeries(
      .transfer, method, size: size, unit: .bytesPerSecond,
      samples: samples.map(\.bytesPerSecond),
      perGib: BenchSeries.Cost(
        processorSeconds: perGib(samples.reduce(0) { $0 + $1.usage.nanoseconds }) / 1e9,
        contextSwitches: perGib(samples.reduce(0) { $0 + $1.usage.contextSwitches }),
        systemCalls: perGib(samples.reduce(0) { $0 + $1.systemCalls })))
  }
}
