import ShmCore

/// A sentence that says what a benchmark means for a choice on this machine.
struct BenchVerdict: Encodable {
  let test: BenchTest
  let text: String
  /// The bytes of a message from which shared memory is faster by more than noise; null if it is not at the largest
  /// size.
  let crossover: Unknowable<Int>

  /// What the series of all tests mean.
  ///
  /// - Parameter series: with their ranks.
  /// - Returns: a verdict for each choice that was measured.
  static func all(_ series: [BenchSeries]) -> [BenchVerdict] {
    let unknown = [BenchTest.transfer, .latency, .fanOut].filter { test in
      series.contains { $0.test == test && $0.samples.count < BenchNoise.fewestRounds }
    }
    let known = series.filter { !unknown.contains($0.test) }
    return [transfer(known), mapping(known), latency(known), fanOut(known), pressure(known)]
      .compactMap { $0 }
      + unknown.map { test in
        BenchVerdict(
          test: test, text: "\(test.rawValue) has too few rounds for a verdict",
          crossover: Unknowable(nil))
      }
  }

  /// The smallest size from which a method is faster at every size; nil without such a size.
  ///
  /// - Parameters:
  ///   - sizes: ascending.
  ///   - isFaster: whether it is faster at each of these sizes.
  /// - Returns: the size.
  static func crossover(_ sizes: [Int], _ isFaster: [Bool]) -> Int? {
    var from: Int?
    for index in sizes.indices.reversed() {
      guard isFaster[index] else { break }
      from = sizes[index]
    }
    return from
  }

  /// Compares methods that share memory with methods that pass messages, at each size at which both were measured.
  private struct Rates {
    private(set) var sizes: [Int] = []
    /// Whether a method that shares memory is faster than every method that passes messages.
    private var isFaster: [Bool] = []
    /// The ratio in words, of that method and the fastest of the others.
    private var ratios: [String] = []

    init?(_ series: [BenchSeries], shared isShared: (BenchMethod) -> Bool) {
      let all = series.filter { $0.test == .transfer }
      for size in Set(all.map(\.size)).sorted() {
        // The best first. Those of one rank are in the order of their medians.
        func some(_ isWanted: (BenchMethod) -> Bool) -> [BenchSeries] {
          all.filter { $0.size == size && BenchMethod(rawValue: $0.method).map(isWanted) == true }
            .sorted { ($0.rank ?? 1, -$0.median) < ($1.rank ?? 1, -$1.median) }
        }
        let (ones, others) = (some(isShared), some(\.passesMessages))
        let winner = ones.first { one in
          others.allSatisfy { BenchRanking.isUsuallyBetter(one, than: $0) }
        }
        guard let one = winner ?? ones.first,
          let (other, ratio) = others.map({ ($0, BenchRanking.usualRatio(one, to: $0)) })
            .min(by: { $0.1 < $1.1 })
        else { continue }
        sizes.append(size)
        isFaster.append(winner != nil)
        ratios.append(
          "\(Format.figure(ratio)) times as fast as \(other.method) at \(ByteCount(size))")
      }
      if sizes.isEmpty { return nil }
    }

    /// The smallest size from which a shared one is faster at every size.
    var crossover: Int? { BenchVerdict.crossover(sizes, isFaster) }

    /// How many times as fast the shared one is in the median round, in words.
    func ratio(_ index: Int) -> String { ratios[index] }
  }

  private static func transfer(_ series: [BenchSeries]) -> BenchVerdict? {
    guard let rates = Rates(series, shared: { $0.sharesMemory && $0 != .map }) else { return nil }
    let last = rates.sizes.count - 1
    let from = rates.crossover
    let text =
      switch from {
      case nil:
        "at \(ByteCount(rates.sizes[last])) a stream is not faster than message passing by more than noise"
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
    let from = rates.crossover
    let text =
      from.map {
        "mapping each message pays from \(ByteCount($0)) on: \(rates.ratio(last)); a smaller value is better passed "
          + "by a call"
      }
      ?? "mapping each message does not pay: at \(ByteCount(rates.sizes[last])) it is not faster than message passing "
      + "by more than noise"
    return BenchVerdict(test: .transfer, text: text, crossover: Unknowable(from))
  }

  private static func latency(_ series: [BenchSeries]) -> BenchVerdict? {
    let all = series.filter { $0.test == .latency }
    let size = all.contains { $0.size == 64 } ? 64 : all.first?.size
    let fitting = BenchRanking.ordered(all.filter { $0.size == size })
    guard let size, let first = fitting.first, fitting.count > 1 else { return nil }
    let others = fitting.dropFirst().map {
      "\($0.method) \(Format.nanoseconds($0.distribution.p50))"
    }
    let text =
      "\(ByteCount(size)) there and back: \(first.method) \(Format.nanoseconds(first.distribution.p50)), "
      + others.joined(separator: ", ")
    return BenchVerdict(test: .latency, text: text, crossover: Unknowable(nil))
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
    func found(_ isStream: Bool) -> BenchSeries? {
      all.first {
        $0.receivers == most
          && (BenchMethod(rawValue: $0.method)?.sharesMemory == true) == isStream
      }
    }
    guard let stream = found(true), let pipes = found(false) else { return nil }
    let text =
      stream.rank == pipes.rank
      ? "with \(most) receivers a stream is about as fast as a pipe for each"
      : "with \(most) receivers a stream is \(Format.figure(BenchRanking.usualRatio(stream, to: pipes))) times as "
        + "fast as a pipe for each"
    return BenchVerdict(test: .fanOut, text: text, crossover: Unknowable(nil))
  }
}
