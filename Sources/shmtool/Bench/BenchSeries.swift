import Histogram

/// The measurements of one method with one size.
struct BenchSeries: Codable {
  enum Unit: String, Codable {
    case bytesPerSecond = "bytes_per_second"
    case nanoseconds
    case pagesPerSecond = "pages_per_second"
  }

  /// The resources that both processes together use to transfer 1 GiB.
  struct Cost: Codable {
    let processorSeconds: Double
    let contextSwitches: Double
    /// System calls of the transfer itself, counted by the program.
    let systemCalls: Double

    /// The mean of this and another cost.
    ///
    /// - Parameters:
    ///   - other: the other cost.
    ///   - share: the weight of the other cost, 0 to 1.
    /// - Returns: the mean.
    fileprivate func mixed(with other: Cost, share: Double) -> Cost {
      func mean(_ part: KeyPath<Cost, Double>) -> Double {
        self[keyPath: part] * (1 - share) + other[keyPath: part] * share
      }
      return Cost(
        processorSeconds: mean(\.processorSeconds), contextSwitches: mean(\.contextSwitches),
        systemCalls: mean(\.systemCalls))
    }
  }

  let test: BenchTest
  /// A stable identifier of the method, such as `pipe-64k`.
  let method: String
  /// The bytes of one message, or of the memory.
  let size: Int
  /// The processes that receive; 1 except for `fan-out`.
  let receivers: Int
  let unit: Unit
  /// One value for each round, in their order.
  private(set) var samples: [Double]
  /// The distribution of the samples. For `latency` and `pressure`: of the individual values of all rounds.
  private(set) var distribution: Distribution
  /// Omitted if it was not measured.
  var perGib: Cost?
  /// The bytes that are resident afterwards; omitted except for `memory`.
  var resident: Int?
  /// The bytes that are allocated afterwards; omitted except for `memory`.
  var allocated: Int?
  /// The core-to-core latency beside each sample, in nanoseconds, see `CoreLatency`; nil for a sample during which it
  /// changed. Omitted if the samples do not depend on it, or with one processor.
  var coreLatencies: [Double?]?
  /// The place among the methods that answer the same question, from 1 for the best, see `BenchRanking`. Methods whose
  /// difference is within the noise share it.
  var rank: Int?
  /// The individual values that `distribution` summarizes; nil if it summarizes the samples.
  var values: Histogram<UInt64>?

  enum CodingKeys: CodingKey {
    case test, method, size, receivers, unit, samples, distribution, perGib, resident, allocated,
      coreLatencies, rank
  }

  /// The median of the samples. With an even number of samples it is the lower one of the middle two.
  var median: Double { Distribution.value(at: 0.5, of: samples.sorted()) }

  /// Adds the rounds of a second measurement of the same.
  mutating func add(_ other: BenchSeries) {
    if let cost = perGib, let second = other.perGib {
      let share = Double(other.samples.count) / Double(samples.count + other.samples.count)
      perGib = cost.mixed(with: second, share: share)
    }
    if coreLatencies != nil || other.coreLatencies != nil {
      coreLatencies = [self, other].flatMap {
        $0.coreLatencies ?? Array(repeating: nil, count: $0.samples.count)
      }
    }
    samples += other.samples
    if let more = other.values { values?.add(more) }
    distribution = values.map { Distribution(of: $0) } ?? Distribution(of: samples)
  }

  /// Whether this series and another one measure the same.
  func measures(theSameAs other: BenchSeries) -> Bool {
    test == other.test && method == other.method && size == other.size
      && receivers == other.receivers && unit == other.unit
  }
}

/// The values below which a part of all values lies.
struct Distribution: Codable {
  let min: Double
  let p50: Double
  let p90: Double
  let p99: Double
  let p999: Double
  let max: Double

  init(min: Double, p50: Double, p90: Double, p99: Double, p999: Double, max: Double) {
    (self.min, self.p50, self.p90, self.p99, self.p999, self.max) = (min, p50, p90, p99, p999, max)
  }

  /// - Parameter values: not empty.
  init(of values: [Double]) {
    let sorted = values.sorted()
    func value(_ part: Double) -> Double { Self.value(at: part, of: sorted) }
    self.init(
      min: value(0), p50: value(0.5), p90: value(0.9), p99: value(0.99), p999: value(0.999),
      max: value(1))
  }

  /// The smallest value that at least a part of all values does not exceed (nearest rank).
  ///
  /// - Parameters:
  ///   - part: 0 to 1.
  ///   - sorted: the values, not empty, ascending.
  /// - Returns: one of the values.
  static func value(at part: Double, of sorted: [Double]) -> Double {
    let rank = Int((part * Double(sorted.count)).rounded(.up))
    return sorted[Swift.min(Swift.max(rank, 1), sorted.count) - 1]
  }
}
