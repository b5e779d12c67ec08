import CShm
import Glibc
import Histogram
import ShmCore

/// The round trip of a message by each method, at a fixed rate.
///
/// A round trip counts from the time at which its message was due, so a stall counts for every message that had to
/// wait because of it.
struct LatencyBench {
  let plan: BenchPlan
  let interrupt: CInt
  let progress: BenchProgress
  /// Whether both processes can run at the same time.
  private let hasProcessors = cshm_processors() > 1

  /// The longest round trip that is recorded, in nanoseconds.
  private static let longest: UInt64 = 60_000_000_000

  static func steps(_ plan: BenchPlan) -> Int { plan.latencySizes.count * (plan.rounds + 1) }

  /// A method with its processes, ready to be measured.
  private final class Session {
    let method: BenchMethod
    private let end: any BenchEnd
    private let channel: BenchChannel
    private let peer: BenchPeer
    private let spins: Bool

    /// - Parameters:
    ///   - method: the method.
    ///   - source: the message.
    ///   - directory: where streams meet.
    ///   - spins: whether it waits for a due time without sleeping.
    ///   - interrupt: becomes readable when a signal comes.
    /// - Throws: `ShmError` if the machine does not have the method, or the other process does not start.
    init(
      _ method: BenchMethod, _ source: borrowing BenchSource, _ directory: BenchDirectory,
      spins: Bool, interrupt: CInt
    ) throws(ShmError) {
      self.method = method
      self.spins = spins
      channel = try BenchChannel(for: method, largest: source.mapping.count)
      let part = BenchPart(
        method, .echo, largest: source.mapping.count, meetingIn: directory)
      peer = try BenchPeer(part, source, over: channel)
      _ = try peer.control.waitForReady()
      end = try BenchLink.end(
        part.with(.asker), channel.own.compactMap { $0.number }, interrupt: interrupt)
    }

    /// The round trips between two checks of the time.
    private static let batch = 50

    /// Measures round trips. It stops early if they take several times as long as planned, on a machine that is busy.
    func measure(
      size: Int, count: Int, into buffer: borrowing OwnedPages, _ source: borrowing BenchSource,
      _ histogram: inout Histogram<UInt64>
    ) throws(ShmError) {
      let deadline = Deadline(after: .nanoseconds(4 * count * BenchPlan.interval))
      var left = count
      while left > 0, !deadline.hasPassed {
        let next = min(left, Self.batch)
        try measureBatch(size: size, count: next, into: buffer, source, &histogram)
        left -= next
      }
    }

    /// Sends a message at each due time, and waits for it to come back.
    private func measureBatch(
      size: Int, count: Int, into buffer: borrowing OwnedPages, _ source: borrowing BenchSource,
      _ histogram: inout Histogram<UInt64>
    ) throws(ShmError) {
      let room = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer.buffer[..<size])
      try peer.control.send(.echo, size: size, count: count)
      let sum = try unsafe source.withMessage(size) { (message) throws(ShmError) in
        var sum: UInt64 = 0
        var due = Clock.nanoseconds + BenchPlan.interval
        for _ in 0..<count {
          LatencyBench.wait(until: due, spins: spins)
          try unsafe end.send(message, count: 1)
          sum &+= try unsafe end.receive(into: room, count: 1)
          histogram.record(min(UInt64(max(1, Clock.nanoseconds - due)), LatencyBench.longest))
          due += BenchPlan.interval
        }
        return sum
      }
      let answer = try peer.control.answer()
      let expected = try unsafe source.withMessage(size) { unsafe BenchSum.of($0) } &* UInt64(count)
      guard sum == expected, answer.sum == expected else {
        throw ShmError(
          .damaged, BenchCall.attempt, "other bytes than those sent arrived by \(method.rawValue)")
      }
    }
  }

  func run() throws(ShmError) -> BenchResult {
    var result = BenchResult()
    let largest = plan.latencySizes.last ?? 0
    let source = try BenchSource(size: largest)
    let buffer = try Allocation.pages(largest, BenchCall.attempt)
    let directory = try BenchDirectory()
    var sessions: [Session] = []
    for method in BenchMethod.latencies {
      if method == .streamSpinning, !hasProcessors {
        result.skipped.append(
          BenchSkip(.latency, method, "both ends would spin on one processor"))
        continue
      }
      do throws(ShmError) {
        sessions.append(
          try Session(
            method, source, directory, spins: hasProcessors, interrupt: interrupt))
      } catch {
        try result.skip(.latency, method, because: error)
      }
    }
    directory.remove()
    let core = CoreLatency()
    let processors = BenchProcessor.keep(.first)
    defer { BenchProcessor.restore(processors) }
    for size in plan.latencySizes {
      result.series += try measure(size, sessions, into: buffer, source, core)
    }
    return result
  }

  /// All methods with one size, in turn.
  private func measure(
    _ size: Int, _ sessions: [Session], into buffer: borrowing OwnedPages,
    _ source: borrowing BenchSource, _ core: CoreLatency
  ) throws(ShmError) -> [BenchSeries] {
    let empty = Histogram<UInt64>(
      highestTrackableValue: Self.longest, numberOfSignificantValueDigits: .three)
    var whole = [Histogram<UInt64>](repeating: empty, count: sessions.count)
    var medians = [[Double]](repeating: [], count: sessions.count)
    var latencies = [[Double?]](repeating: [], count: sessions.count)
    for round in 0...plan.rounds {
      for (index, session) in sessions.enumerated() {
        var histogram = empty
        let latency = try core.around { () throws(ShmError) in
          try session.measure(
            size: size, count: plan.roundTrips, into: buffer, source, &histogram)
        }.latency
        // The first round warms up.
        if round == 0 { continue }
        medians[index].append(Double(histogram.median))
        latencies[index].append(latency)
        whole[index].add(histogram)
      }
      try progress.step()
    }
    return sessions.indices.map { index in
      var series = BenchSeries(
        .latency, sessions[index].method, size: size, unit: .nanoseconds, samples: medians[index],
        distribution: Distribution(of: whole[index]))
      series.values = whole[index]
      series.coreLatencies = core.series(latencies[index])
      return series
    }
  }

  /// Spins until a time, because a sleep ends too late. With one processor it sleeps.
  private static func wait(until due: Int, spins: Bool) {
    while true {
      let left = due - Clock.nanoseconds
      if left <= 0 { return }
      if spins { cshm_pause() } else { Waiter.pause(.nanoseconds(left)) }
    }
  }
}

extension Distribution {
  /// The distribution of recorded values.
  init(of histogram: Histogram<UInt64>) {
    func value(_ percentile: Double) -> Double {
      Double(histogram.valueAtPercentile(percentile))
    }
    self.init(
      min: Double(histogram.min), p50: value(50), p90: value(90), p99: value(99),
      p999: value(99.9), max: Double(histogram.max))
  }
}
