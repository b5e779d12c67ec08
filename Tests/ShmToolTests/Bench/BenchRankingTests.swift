import Testing

@testable import shmtool

@Suite("The order of methods in a benchmark")
struct BenchRankingTests {
  /// The ranks of methods `a`, `b` and so on, by their samples.
  private func ranks(_ samples: [[Double]], _ test: BenchTest = .transfer) -> [Int] {
    let series = samples.enumerated().map { index, samples in
      BenchSeries.sample(test, String(UnicodeScalar(UInt8(97 + index))), samples)
    }
    return BenchRanking.ranked(series).map { $0.rank ?? 0 }
  }

  /// Rounds in which a method has nearly the same figure.
  private func steady(_ figure: Double) -> [Double] {
    [0.99, 1, 1.01, 1, 0.98, 1.02, 1, 1].map { $0 * figure }
  }

  @Test(
    "methods share a rank if their difference is within the noise",
    arguments: [
      // A clear order.
      ([8.0, 2, 4, 1], [1, 3, 2, 4]),
      // Differences below the floor, and just above it.
      ([1.2, 1, 1.1], [1, 1, 1]), ([1, 1.3], [2, 1]),
      // The rank after a shared one counts all methods before it.
      ([5, 5.1, 5.2, 1], [1, 1, 1, 4]), ([1, 5, 1.01, 9], [3, 2, 3, 1]),
      ([5], [1]), ([], []),
    ] as [([Double], [Int])])
  func figures(_ figures: [Double], _ expected: [Int]) {
    #expect(ranks(figures.map(steady)) == expected)
    // A shorter time is better.
    #expect(ranks(figures.map { steady(1 / $0) }, .latency) == expected)
  }

  @Test("a chain of small differences is divided at its widest gap")
  func chain() {
    // Each one is within the noise of its neighbour, the first and the last are not.
    #expect(ranks([1.5, 1.42, 1.34, 1.15, 1.1].map(steady)) == [1, 1, 1, 4, 4])
    #expect(ranks([1.0, 1.35, 1.07, 1.4].map(steady)) == [3, 1, 3, 1])
    // A long chain has several groups, none wider than the noise.
    let long = (0..<10).map { index in (0..<index).reduce(1) { figure, _ in figure * 1.15 } }
    let found = ranks(long.map { [$0, $0, $0] })
    #expect(Set(found).count > 3, "\(found)")
    for (one, other) in zip(long.indices, long.indices.dropFirst(2)) {
      #expect(found[one] > found[other], "\(found)")
    }
  }

  @Test("methods whose order depends on a state of the machine share a rank")
  func states() {
    func steady(_ figure: Double) -> [Double] { [Double](repeating: figure, count: 8) }
    // The first method is better than the last one, so the second one is with one of them.
    let often: [Double] = [8, 8, 8, 8, 8, 8, 0.5, 0.5]
    #expect(ranks([steady(9), often, steady(2), steady(1.9)]) == [1, 2, 2, 2])
    // The second method is the best in half of the rounds, and the worst in the others.
    #expect(ranks([steady(9), [18, 18, 18, 18, 0.5, 0.5, 0.5, 0.5], steady(2)]) == [1, 1, 1])
    // Methods that are far from it keep their ranks.
    let half = [18, 18, 18, 18, 5, 5, 5, 5].map { $0 * 1.0 }
    #expect(ranks([steady(9), half, steady(2), steady(1)]) == [1, 1, 3, 4])
  }

  @Test("with an even number of rounds, the ratio in the median round has an inverse")
  func inverse() {
    let ratios = [0.25, 0.5, 4, 8, 0.5, 2]
    #expect(abs(BenchNoise.usual(ratios) - 1) < 1e-9)
    #expect(abs(BenchNoise.usual(ratios.map { 1 / $0 }) - 1) < 1e-9)
    #expect(abs(BenchNoise.usual([3, 1, 2]) - 2) < 1e-9)
    #expect(BenchNoise.usual([3, 1]) == 0)
  }

  @Test("rounds that overlap do not give an order, although their medians differ")
  func overlapping() {
    #expect(ranks([[1, 3, 1, 3, 3], [3, 1, 3, 1, 1]]) == [1, 1])
    // Better in all rounds but two, and not worse in these.
    let ones = [Double](repeating: 1, count: 8)
    #expect(ranks([[2, 2, 2, 2, 2, 2, 1, 1], ones]) == [1, 1])
    #expect(ranks([[2, 2, 2, 2, 2, 2, 2, 1], ones]) == [1, 2])
  }

  @Test("a disturbed round changes no rank")
  func outlier() {
    for round in 0..<8 {
      for disturbed in [0.001, 1000] {
        var rounds = [steady(8), steady(4), steady(3.9), steady(1)]
        for method in rounds.indices {
          let before = rounds[method]
          rounds[method][round] *= disturbed
          #expect(ranks(rounds) == [1, 2, 2, 4], "round \(round) of method \(method)")
          rounds[method] = before
        }
      }
    }
  }

  @Test("a change of the machine between rounds, or in one, changes no rank")
  func modes() {
    for change in 0...8 {
      for first in 0..<3 {
        let figures = [8.0, 4, 3.9]
        let rounds = figures.indices.map { method in
          (0..<8).map { round in
            let isSlow = round > change || round == change && method >= first
            return figures[method] * (isSlow ? 0.1 : 1)
          }
        }
        #expect(ranks(rounds) == [1, 2, 2], "after method \(first) of round \(change)")
      }
    }
  }

  @Test("the noise of fewer than three rounds is unknown, so all methods share a rank")
  func fewRounds() {
    #expect(ranks([[9], [1], [3]]) == [1, 1, 1])
    #expect(ranks([[9, 9], [1, 1]]) == [1, 1])
    #expect(ranks([[9, 9, 9], [1, 1, 1]]) == [1, 2])
    // Only rounds of both methods count.
    #expect(ranks([[9, 9, 9, 9], [1]]) == [1, 1])
  }

  @Test("samples of 0 have an order, too")
  func zeros() {
    #expect(ranks([[0, 0, 0], [1, 1, 1]]) == [2, 1])
    #expect(ranks([[0, 0, 0], [1, 1, 1]], .latency) == [1, 2])
    #expect(ranks([[0, 0, 0], [0, 0, 0]]) == [1, 1])
  }

  @Test("each question has its ranks; a missing method leaves no gap")
  func questions() {
    let series: [BenchSeries] = [
      .sample(.transfer, "map", size: 64, steady(1)),
      .sample(.transfer, "unix", size: 64, steady(2)),
      .sample(.transfer, "mqueue", size: 64, steady(4)),
      .sample(.transfer, "map", size: 4096, steady(9)),
      .sample(.transfer, "unix", size: 4096, steady(3)),
      .sample(.fanOut, "pipes", receivers: 2, steady(7)),
      .sample(.fanOut, "pipes", receivers: 4, steady(1)),
      .sample(.fanOut, "stream-in-place", receivers: 4, steady(5)),
      .sample(.latency, "map", size: 64, steady(1)),
    ]
    let ranked = BenchRanking.ranked(series)
    #expect(ranked.map(\.rank) == [3, 2, 1, 1, 2, 1, 2, 1, 1])
    #expect(
      BenchRanking.ordered(ranked).prefix(5).map(\.method)
        == ["mqueue", "unix", "map", "map", "unix"])
    #expect(BenchRanking.questions(series) == [[0, 1, 2], [3, 4], [5], [6, 7], [8]])
  }

  @Test("a pair is undecided if more than a few rounds show a difference, and too few to count")
  func undecided() {
    func undecided(_ samples: [Double]...) -> Int {
      BenchRanking.undecided(samples.enumerated().map { .sample(.transfer, "\($0)", $1) })
    }
    let ones = [Double](repeating: 1, count: 8)
    for (better, expected) in [0, 0, 1, 1, 1, 1, 1, 0, 0].enumerated() {
      let rounds = (0..<8).map { $0 < better ? 9.0 : 1 }
      #expect(undecided(rounds, ones) == expected, "\(better)")
      #expect(undecided(ones, rounds) == expected, "\(better)")
    }
    #expect(undecided([9, 9, 1, 1, 1], [1, 1, 1, 9, 9], [1, 1, 1, 1, 1]) == 3)
  }

  @Test("a rank never contradicts a difference beyond noise, in any order of the methods")
  func properties() {
    var numbers = SplitMix(state: 7)
    for _ in 0..<2000 {
      let rounds = Int.random(in: 1...16, using: &numbers)
      let spread = Double.random(in: 1...4, using: &numbers)
      let test: BenchTest = Bool.random(using: &numbers) ? .latency : .transfer
      let series = (0..<Int.random(in: 1...9, using: &numbers)).map { index in
        let figure = Double.random(in: 1...6, using: &numbers)
        return BenchSeries.sample(
          test, "\(index)",
          (0..<rounds).map { _ in figure * Double.random(in: 1...spread, using: &numbers) })
      }
      let ranked = BenchRanking.ranked(series)
      // Standard competition ranks: 1 and the number of better ones.
      for one in ranked {
        #expect(one.rank == 1 + ranked.count { ($0.rank ?? 0) < (one.rank ?? 0) })
        for other in ranked where isBetter(one, other) {
          // They share a rank only if a method between them depends on the state of the machine.
          let isAlone = (one.rank ?? 0) < (other.rank ?? 0)
          #expect(isAlone || one.rank == other.rank, "\(ranked.map(\.samples))")
          #expect(isAlone || BenchRanking.undecided(ranked.filter { $0.rank == one.rank }) > 0)
        }
      }
      let again = BenchRanking.ranked(series.shuffled(using: &numbers))
      #expect(
        again.sorted { $0.method < $1.method }.map(\.rank)
          == ranked.sorted { $0.method < $1.method }.map(\.rank))
    }
  }

  /// Whether a method is better by more than the floor in all rounds but the disturbed ones.
  private func isBetter(_ one: BenchSeries, _ other: BenchSeries) -> Bool {
    guard one.samples.count >= 3 else { return false }
    let better = zip(one.samples, other.samples).count { first, second in
      one.unit == .nanoseconds ? second > first * 1.25 : first > second * 1.25
    }
    return one.samples.count - better <= Int(0.15 * Double(one.samples.count))
  }
}

/// Numbers that are the same in each run of the tests.
private struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }
}
