import ShmCore

/// A sentence that says what a benchmark means for a choice on this machine.
struct BenchVerdict: Encodable {
  let test: BenchTest
  let text: String
  /// The bytes of a message from which shared memory is faster by more than `margin`; null if it is not at the largest
  /// size.
  let crossover: Unknowable<Int>

  /// What the series of all tests mean.
  static func all(_ series: [BenchSeries]) -> [BenchVerdict] {
    [
      transfer(series), mapping(series), latency(series), fanOut(series), pressure(series),
    ].compactMap { $0 }
  }

  /// The part of the smaller figure within which two figures count as equal. Closer figures change their order from run
  /// to run.
  static let margin = 0.1

  /// The smallest size from which the one is faster than the other at every size, by more than `margin`; nil without
  /// such a size.
  ///
  /// - Parameters:
  ///   - sizes: ascending.
  ///   - one: the rates at these sizes.
  ///   - other: the rates to compare with.
  /// - Returns: the size.
  static func crossover(_ sizes: [Int], _ one: [Double], _ other: [Double]) -> Int? {
    var from: Int?
    for index in sizes.indices.reversed() {
      guard one[index] > other[index] * (1 + margin) else { break }
      from = sizes[index]
    }
    return from
  }

  /// The rates of the best of some methods at each size at which both groups were measured.
  private struct Rates {
    let sizes: [Int]
    let shared: [Double]
    let passed: [Double]

    init?(_ series: [BenchSeries], shared isShared: (BenchMethod) -> Bool) {
      func best(_ size: Int, _ isWanted: (BenchMethod) -> Bool) -> Double? {
        series.filter { $0.test == .transfer && $0.size == size }
          .filter { BenchMethod(rawValue: $0.method).map(isWanted) == true }
          .map(\.median).max()
      }
      var rates: [(Int, Double, Double)] = []
      for size in Set(series.map(\.size)).sorted() {
        if let one = best(size, isShared), let other = best(size, \.passesMessages) {
          rates.append((size, one, other))
        }
      }
      if rates.isEmpty { return nil }
      (sizes, shared, passed) = (rates.map { $0.0 }, rates.map { $0.1 }, rates.map { $0.2 })
    }

    /// How many times as fast the shared one is, in words.
    func ratio(_ index: Int) -> String {
      "\(Format.figure(shared[index] / passed[index])) times as fast at \(ByteCount(sizes[index]))"
    }
  }

  private static func transfer(_ series: [BenchSeries]) -> BenchVerdict? {
    guard let rates = Rates(series, shared: { $0.sharesMemory && $0 != .map }) else { return nil }
    let last = rates.sizes.count - 1
    let from = crossover(rates.sizes, rates.shared, rates.passed)
    let text =
      switch from {
      case nil:
        "message passing is at least as fast as a stream at \(ByteCount(rates.sizes[last]))"
      case rates.sizes[0]:
        "a stream is faster than message passing at every size: \(rates.ratio(0)), \(rates.ratio(last))"
      case let from?:
        "a stream is faster than message passing from \(ByteCount(from)) on: \(rates.ratio(last)); below, "
          + "message passing is enough"
      }
    return BenchVerdict(test: .transfer, text: text, crossover: Unknowable(from))
  }

  private static func mapping(_ series: [BenchSeries]) -> BenchVerdict? {
    guard let rates = Rates(series, shared: { $0 == .map }) else { return nil }
    let last = rates.sizes.count - 1
    let from = crossover(rates.sizes, rates.shared, rates.passed)
    let text =
      from.map {
        "mapping each message pays from \(ByteCount($0)) on: \(rates.ratio(last)); a smaller value is better passed "
          + "by a call"
      }
      ?? "mapping each message does not pay: message passing is at least as fast at "
      + "\(ByteCount(rates.sizes[last]))"
    return BenchVerdict(test: .transfer, text: text, crossover: Unknowable(from))
  }

  private static func latency(_ series: [BenchSeries]) -> BenchVerdict? {
    let all = series.filter { $0.test == .latency }
    let size = all.contains { $0.size == 64 } ? 64 : all.first?.size
    let fitting = ordered(all.filter { $0.size == size })
    guard let size, let first = fitting.first, fitting.count > 1 else { return nil }
    let others = fitting.dropFirst().map {
      "\($0.method) \(Format.nanoseconds($0.distribution.p50))"
    }
    let text =
      "\(ByteCount(size)) there and back: \(first.method) \(Format.nanoseconds(first.distribution.p50)), "
      + others.joined(separator: ", ")
    return BenchVerdict(test: .latency, text: text, crossover: Unknowable(nil))
  }

  /// Series from the fastest to the slowest. Series that count as equal keep their order.
  static func ordered(_ series: [BenchSeries]) -> [BenchSeries] {
    var left = series
    var found: [BenchSeries] = []
    while let fastest = left.map(\.distribution.p50).min() {
      let isEqual = { (one: BenchSeries) in one.distribution.p50 <= fastest * (1 + margin) }
      found += left.filter(isEqual)
      left.removeAll(where: isEqual)
    }
    return found
  }

  private static func pressure(_ series: [BenchSeries]) -> BenchVerdict? {
    func distribution(_ method: BenchMethod) -> Distribution? {
      series.first { $0.test == .pressure && $0.method == method.rawValue }?.distribution
    }
    guard let wired = distribution(.wired), let unwired = distribution(.unwired) else { return nil }
    let text =
      "1 of 100 accesses to idle pages takes \(Format.nanoseconds(unwired.p99)) or more while memory is short, and "
      + "\(Format.nanoseconds(wired.p99)) or more if the pages are wired"
    return BenchVerdict(test: .pressure, text: text, crossover: Unknowable(nil))
  }

  private static func fanOut(_ series: [BenchSeries]) -> BenchVerdict? {
    let all = series.filter { $0.test == .fanOut }
    guard let most = all.map(\.receivers).max() else { return nil }
    func rate(_ isStream: Bool) -> Double? {
      all.first {
        $0.receivers == most
          && (BenchMethod(rawValue: $0.method)?.sharesMemory == true) == isStream
      }?.median
    }
    guard let stream = rate(true), let pipes = rate(false) else { return nil }
    let text =
      "with \(most) receivers a stream is \(Format.figure(stream / pipes)) times as fast as a pipe for each"
    return BenchVerdict(test: .fanOut, text: text, crossover: Unknowable(nil))
  }
}
