import Glibc

/// The order of the methods that answer one question, from the best to the worst.
///
/// A method is better than another one if their rounds show more than noise, see `BenchNoise`. All methods begin in one
/// group. A group in which a method is better than another one is divided into two, where the methods on both sides
/// differ most in the median round. So a chain of small differences is divided at its widest gap. No place divides two
/// methods if many rounds show one order and many the other, as they do if the order depends on a state of the machine.
struct BenchRanking {
  /// The places of the series in their array, in groups of equal rank.
  let groups: [[Int]]

  /// - Parameter series: the series of one question, with one method each.
  /// - Complexity: O(*n*³) in the number of the series.
  init(_ series: [BenchSeries]) {
    let pairs = Pairs(series)
    groups = pairs.order.isEmpty ? [] : pairs.divided(pairs.order[...])
  }

  /// The series with their ranks: 1 and the number of the methods that are in better groups of the same question.
  static func ranked(_ series: [BenchSeries]) -> [BenchSeries] {
    var ranked = series
    for places in questions(series) {
      var rank = 1
      for group in BenchRanking(places.map { series[$0] }).groups {
        for place in group { ranked[places[place]].rank = rank }
        rank += group.count
      }
    }
    return ranked
  }

  /// How many times as good a method is as another one in the median round.
  static func usualRatio(_ one: BenchSeries, to other: BenchSeries) -> Double {
    BenchNoise.usual(one.ratios(to: other))
  }

  /// Whether a method has a better rank than another one, and is better by more than the floor in the median round. Methods
  /// whose order depends on a state of the machine can share a rank, and one of them is better in the usual state. Because
  /// other rounds contradict, it must then be better by 56 % (1.25²).
  ///
  /// - Parameters:
  ///   - one: the series of the method, with its rank.
  ///   - other: a series that answers the same question, with its rank.
  /// - Returns: whether the rounds show it.
  static func isUsuallyBetter(_ one: BenchSeries, than other: BenchSeries) -> Bool {
    let (rank, otherRank) = (one.rank ?? 1, other.rank ?? 1)
    let ratio = usualRatio(one, to: other)
    return rank <= otherRank
      && BenchNoise.isExceeded(by: rank < otherRank ? ratio : ratio / (1 + BenchNoise.floor))
  }

  /// The series of each question from the best to the worst. Those of one rank keep their order, and so do the questions.
  ///
  /// - Parameter series: with their ranks.
  /// - Returns: the same series.
  static func ordered(_ series: [BenchSeries]) -> [BenchSeries] {
    questions(series).flatMap { places in
      places.sorted { (series[$0].rank ?? 1, $0) < (series[$1].rank ?? 1, $1) }.map { series[$0] }
    }
  }

  /// The places of the series that answer the same question, in the order of their first occurrence.
  static func questions(_ series: [BenchSeries]) -> [[Int]] {
    var places: [BenchQuestion: [Int]] = [:]
    for (place, one) in series.enumerated() { places[one.question, default: []].append(place) }
    return places.values.sorted { $0[0] < $1[0] }
  }

  /// Counts the pairs of methods whose order needs more rounds.
  ///
  /// - Parameter series: the series of one question.
  /// - Returns: the number of pairs.
  static func undecided(_ series: [BenchSeries]) -> Int {
    let pairs = Pairs(series)
    return series.indices.reduce(0) { sum, one in
      sum + series.indices.prefix(one).count { pairs.isUndecided(one, $0) }
    }
  }
}

/// What is measured of several methods: their series are comparable, and were measured in the same rounds.
struct BenchQuestion: Hashable {
  let test: BenchTest
  let size: Int
  let receivers: Int
  let unit: BenchSeries.Unit
}

extension BenchSeries {
  var question: BenchQuestion {
    BenchQuestion(test: test, size: size, receivers: receivers, unit: unit)
  }

  /// How many times as good this series was as another one, in each round that both have.
  fileprivate func ratios(to other: BenchSeries) -> [Double] {
    zip(samples, other.samples).map { one, other in
      // A sample of 0 is a time or rate that was too small to measure.
      let (one, other) = (
        Swift.max(one, .leastNormalMagnitude), Swift.max(other, .leastNormalMagnitude)
      )
      return unit.isTime ? other / one : one / other
    }
  }
}

extension BenchRanking {
  /// The methods compared with each other.
  fileprivate struct Pairs {
    /// How many times as good each method is as each other one in all rounds but the disturbed ones.
    private let advantages: [[Double]]
    /// How many times as good each method is as each other one in the median round.
    private let usual: [[Double]]
    /// Whether each method is better than each other one in more rounds than may be disturbed.
    private let areOftenBetter: [[Bool]]
    /// The places of the series, the best first.
    private(set) var order: [Int] = []

    init(_ series: [BenchSeries]) {
      let ratios = series.map { one in series.map { one.ratios(to: $0) } }
      advantages = ratios.map { $0.map(BenchNoise.advantage) }
      usual = ratios.map { $0.map(BenchNoise.usual) }
      areOftenBetter = ratios.map { row in
        row.map { ratios in
          Double(ratios.count(where: BenchNoise.isExceeded))
            > BenchNoise.disturbed * Double(ratios.count)
        }
      }
      // How good a method is in the median round, compared with all others. Too few rounds give no order.
      let scores = usual.map { $0.reduce(0) { $0 + log(max($1, .leastNormalMagnitude)) } }
      var left = series.indices.sorted {
        (scores[$0], series[$1].method) > (scores[$1], series[$0].method)
      }
      while !left.isEmpty {
        // No method stands before a better one. If none exists, the comparisons form a cycle.
        let next = left.firstIndex { one in !left.contains { isBetter($0, one) } } ?? 0
        order.append(left.remove(at: next))
      }
    }

    func isBetter(_ one: Int, _ other: Int) -> Bool {
      BenchNoise.isExceeded(by: advantages[one][other])
    }

    /// Whether many rounds show a difference, but not enough to count.
    func isUndecided(_ one: Int, _ other: Int) -> Bool {
      !isBetter(one, other) && !isBetter(other, one)
        && (areOftenBetter[one][other] || areOftenBetter[other][one])
    }

    /// The groups of a part of the order.
    func divided(_ part: ArraySlice<Int>) -> [[Int]] {
      let places = part.indices
      let isOne = places.allSatisfy { place in
        !places[place...].contains { isBetter(order[place], order[$0]) }
      }
      if isOne { return [Array(part)] }
      func pairs<Result>(_ place: Int, _ value: (Int, Int) -> Result) -> [Result] {
        part[..<place].flatMap { one in part[place...].map { value(one, $0) } }
      }
      let allowed = places.dropFirst().filter {
        !pairs($0) { areOftenBetter[$1][$0] }.contains(true)
      }
      let gaps = allowed.map { pairs($0) { usual[$0][$1] }.min() ?? 0 }
      guard let widest = zip(allowed, gaps).max(by: { $0.1 < $1.1 })?.0 else {
        return [Array(part)]
      }
      return divided(part[..<widest]) + divided(part[widest...])
    }
  }
}
