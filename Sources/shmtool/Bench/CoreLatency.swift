import CShm
import CShmTool
import ShmCore
import Synchronization

/// The core-to-core latency between the two processors of a measurement: the time that a cache line takes to the other
/// processor and back.
///
/// A hypervisor moves virtual processors to other cores, and some cores share caches. So the same transfer can be several
/// times as fast in one second as in the next one. Samples are comparable if they were measured with like latencies.
final class CoreLatency {
  /// The first and the last processor of this thread; nil if it has only one.
  private let processors: (first: cshmtool_processors, last: cshmtool_processors)?

  /// The last latency, and when it was measured. It also counts as the latency before the next sample.
  private var last: (latency: Double?, time: Int)?
  /// How long it can be reused, in nanoseconds.
  private static let lifetime = 1_000_000

  /// Latencies whose ratio is at most this are alike. Cores that share more caches have less than half of the latency.
  private static let likeness = 1.5

  /// Finds the processors. It must precede `BenchProcessor.keep(_:)`.
  init() {
    let choices = (BenchProcessor.one(.first), BenchProcessor.one(.last))
    if let first = choices.0, let last = choices.1 {
      processors = (first, last)
    } else {
      processors = nil
    }
  }

  /// Whether two latencies belong to the same state of the machine.
  static func areAlike(_ one: Double, _ other: Double) -> Bool {
    max(one, other) <= min(one, other) * likeness
  }

  /// The median latency beside the samples of some series; nil if none is known.
  static func usual(of series: [BenchSeries]) -> Double? {
    let known = series.flatMap { $0.coreLatencies ?? [] }.compactMap(\.self).sorted()
    return known.isEmpty ? nil : Distribution.value(at: 0.5, of: known)
  }

  /// Measures something, and the latency before and after it.
  ///
  /// - Parameter body: the measurement.
  /// - Returns: its result, and the latency in nanoseconds; nil if it changed meanwhile, or is not known.
  /// - Throws: what the measurement throws.
  func around<Result>(
    _ body: () throws(ShmError) -> Result
  ) throws(ShmError) -> (result: Result, latency: Double?) {
    let before = latest()
    let result = try body()
    guard let before, let after = measure(), Self.areAlike(before, after) else {
      return (result, nil)
    }
    return (result, min(before, after))
  }

  /// The latencies of all samples of a series; nil with one processor.
  func series(_ latencies: [Double?]) -> [Double?]? { processors == nil ? nil : latencies }

  /// The latency now.
  private func latest() -> Double? {
    if let last, Clock.nanoseconds - last.time < Self.lifetime { return last.latency }
    return measure()
  }

  /// Measures the latency, in less than 1 ms on an idle machine.
  private func measure() -> Double? {
    guard let processors else { return nil }
    let line = Line()
    Threads.run(2) {
      let isFirst = line.takeRole()
      let before = BenchProcessor.keep(isFirst ? processors.first : processors.last)
      defer { BenchProcessor.restore(before) }
      if isFirst { line.ask() } else { line.answer() }
    } whileWaiting: {
    }
    last = (line.nanoseconds, Clock.nanoseconds)
    return line.nanoseconds
  }
}

/// A word that two threads write in turn.
private final class Line: Sendable {
  private static let batches = 6
  private static let roundTrips = 100

  private let roles = Atomic<Int>(0)
  private let word = Atomic<Int>(0)
  /// The time of the fastest batch.
  private let shortest = Atomic<Int>(.max)
  /// On a busy machine one thread may have to wait for a processor.
  private let deadline = Deadline(after: .milliseconds(2))

  /// The mean of one round trip in the batch that was disturbed least; nil if the time did not suffice.
  var nanoseconds: Double? {
    let time = shortest.load(ordering: .relaxed)
    return time == .max ? nil : Double(max(time, 1)) / Double(Self.roundTrips)
  }

  /// Whether the calling thread is the first one.
  func takeRole() -> Bool { roles.add(1, ordering: .relaxed).oldValue == 0 }

  func ask() {
    for batch in 0..<Self.batches {
      let start = Clock.nanoseconds
      for trip in 0..<Self.roundTrips {
        let question = 2 * (batch * Self.roundTrips + trip) + 1
        word.store(question, ordering: .releasing)
        guard wait(for: question + 1) else { return }
      }
      // The first batch waits for the other thread to start.
      if batch > 0 { shortest.min(Clock.nanoseconds - start, ordering: .relaxed) }
    }
  }

  func answer() {
    for trip in 0..<Self.batches * Self.roundTrips {
      guard wait(for: 2 * trip + 1) else { return }
      word.store(2 * trip + 2, ordering: .releasing)
    }
  }

  /// Whether the word gets a value in time.
  private func wait(for value: Int) -> Bool {
    var looks = 0
    while word.load(ordering: .acquiring) != value {
      cshm_pause()
      looks += 1
      if looks % 1024 == 0, deadline.hasPassed { return false }
    }
    return true
  }
}
