import ShmCore

extension BenchComparison {
  /// A series of two runs.
  struct Change {
    let series: BenchSeries
    let before: BenchSeries
    /// The samples of both runs that are comparable.
    private let samples: (now: [Double], before: [Double])
    /// How many times as long a transfer may take because of the state of the machine alone.
    private let allowance: Double

    init(series: BenchSeries, before: BenchSeries) {
      (self.series, self.before) = (series, before)
      let latencies = [series, before].map { ($0.coreLatencies ?? []).compactMap(\.self).sorted() }
      guard latencies.allSatisfy({ !$0.isEmpty }) else {
        samples = (series.samples, before.samples)
        allowance = 1
        return
      }
      let common = latencies.joined().lazy
        .map { (now: series.samples(near: $0), before: before.samples(near: $0)) }
        .max { Self.fewest($0) < Self.fewest($1) }
      if let common, Self.fewest(common) >= BenchComparison.fewestSamples {
        samples = common
        allowance = 1
        return
      }
      samples = (series.samples, before.samples)
      let medians = latencies.map { Distribution.value(at: 0.5, of: $0) }
      allowance = max(medians[0] / medians[1], medians[1] / medians[0])
    }

    private static func fewest(_ samples: (now: [Double], before: [Double])) -> Int {
      min(samples.now.count, samples.before.count)
    }

    /// The median of this run.
    var median: Double { Self.median(samples.now) }

    /// The median of the earlier run.
    var medianBefore: Double { Self.median(samples.before) }

    /// How many times as long this run takes as the earlier one, by the medians.
    var slowdown: Double {
      // A median of 0 is a time or rate that was too small to measure.
      let (now, before) = (
        max(median, .leastNormalMagnitude), max(medianBefore, .leastNormalMagnitude)
      )
      return series.unit.isTime ? now / before : before / now
    }

    /// Whether this run is slower by more than the threshold and the state of the machine explain.
    var isSlowerBeyondThreshold: Bool {
      slowdown > (1 + BenchComparison.threshold) * allowance
    }

    /// Whether the runs differ by more than their noise and the state of the machine explain.
    var isBeyondNoise: Bool {
      let (now, before) = samples
      guard Self.fewest(samples) >= BenchComparison.fewestSamples,
        let low = now.min(), let high = now.max(), let lowBefore = before.min(),
        let highBefore = before.max()
      else { return false }
      let areApart = high < lowBefore || highBefore < low
      let noise = max(
        Self.spread(low, high, median), Self.spread(lowBefore, highBefore, medianBefore))
      let (small, large) = (min(median, medianBefore), max(median, medianBefore))
      let least = 1 + max(BenchComparison.threshold, 2 * noise)
      return areApart && large > small * least * allowance
    }

    private static func median(_ samples: [Double]) -> Double {
      Distribution.value(at: 0.5, of: samples.sorted())
    }

    /// The distance of the extreme samples as a part of the median.
    private static func spread(_ low: Double, _ high: Double, _ median: Double) -> Double {
      high > low ? (high - low) / median : 0
    }

    /// Such as `transfer, stream of 64 KiB: 3.10 GB/s, 6.20 before`.
    var text: String {
      let scale = BenchScale(series.unit, largest: max(median, medianBefore))
      return "\(series.test.rawValue), \(series.title): \(scale.text(median)), "
        + "\(scale.figure(medianBefore)) before"
    }
  }
}

extension BenchSeries {
  /// The samples that were measured with a core-to-core latency like this one.
  fileprivate func samples(near latency: Double) -> [Double] {
    zip(samples, coreLatencies ?? []).filter { _, known in
      known.map { CoreLatency.areAlike($0, latency) } ?? false
    }.map(\.0)
  }
}
