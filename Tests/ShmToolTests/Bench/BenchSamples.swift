@testable import shmtool

extension BenchSeries {
  /// A series of a test, with the distribution of its samples if no other is given.
  static func sample(
    _ test: BenchTest, _ method: String, size: Int = 64 << 10,
    receivers: Int = 1, unit: Unit? = nil, _ samples: [Double],
    distribution: Distribution? = nil, perGib: Cost? = nil, resident: Int? = nil
  ) -> BenchSeries {
    let usual: Unit =
      switch test {
      case .transfer, .fanOut, .memory: .bytesPerSecond
      case .latency, .pressure: .nanoseconds
      case .pages: .pagesPerSecond
      }
    return BenchSeries(
      test: test, method: method, size: size, receivers: receivers, unit: unit ?? usual,
      samples: samples, distribution: distribution ?? Distribution(of: samples), perGib: perGib,
      resident: resident)
  }
}

extension BenchSeries {
  /// A series of the method `stream`.
  static func sample(_ test: BenchTest, _ samples: [Double]) -> BenchSeries {
    sample(test, "stream", samples)
  }

  /// With the core-to-core latency beside each sample.
  func with(latencies: [Double?]?) -> BenchSeries {
    var series = self
    series.coreLatencies = latencies
    return series
  }

  func with(rank: Int) -> BenchSeries {
    var series = self
    series.rank = rank
    return series
  }

  /// Plausible figures of every test, as a whole run has them.
  static let invented: [BenchSeries] =
    transfers + latencies + fanOuts + memories + pageStates + pressures

  /// A rate that grows with the size until what moves the bytes limits it.
  private static var transfers: [BenchSeries] {
    let methods: [(String, perMessage: Double, limit: Double)] = [
      ("stream-in-place", 35, 11), ("stream", 40, 6.5), ("map", 2200, 12),
      ("process-vm-readv", 600, 7), ("pipe-64k", 450, 2.1), ("pipe-1m", 450, 2.6),
      ("unix", 900, 2.9), ("tcp", 2100, 2.4), ("mqueue", 1300, 1.1), ("memcpy", 4, 12.5),
    ]
    return (0...10).map { 64 << (2 * $0) }.flatMap { size in
      methods.filter { $0.0 != "mqueue" || size <= 16384 }.map { name, perMessage, limit in
        let cache = size > 4 << 20 ? 0.6 : 1
        let rate = Double(size) / (perMessage + Double(size) / (limit * cache)) * 1e9
        return sample(.transfer, name, size: size, [rate * 0.98, rate, rate * 1.01])
      }
    }
  }

  private static var latencies: [BenchSeries] {
    let methods: [(String, Double)] = [
      ("stream-spinning", 240), ("stream-adaptive", 2900), ("stream-sleeping", 9800),
      ("pipe", 11200), ("unix", 12500), ("futex", 8800), ("eventfd", 9900),
    ]
    return [8, 64, 512, 4096].flatMap { size in
      methods.map { name, median in
        let p50 = median + Double(size) / 8
        let values = Distribution(
          min: p50 * 0.8, p50: p50, p90: p50 * 1.2, p99: p50 * 2 + 900, p999: p50 * 4 + 21000,
          max: 4e6)
        return sample(.latency, name, size: size, [p50, p50, p50], distribution: values)
      }
    }
  }

  private static var fanOuts: [BenchSeries] {
    [1, 2, 4, 8].flatMap { count in
      [("stream-in-place", 9.5), ("pipes", 1.9)].map { name, rate in
        let rate = rate * 1e9 * (name == "pipes" ? 1 : Double(min(count, 2)))
        return sample(.fanOut, name, size: 256 << 10, receivers: count, [rate, rate, rate])
      }
    }
  }

  private static var memories: [BenchSeries] {
    [
      ("touch", 1.6), ("fallocate", 3.4), ("write", 1.9), ("populate", 2.8), ("huge-pool", 6.6),
      ("huge-transparent", 7.1), ("mlock", 2.7), ("mlock-on-fault", 41.0),
    ].map { name, rate in
      sample(
        .memory, name, size: 256 << 20, [rate * 1e9],
        resident: name == "mlock-on-fault" ? 0 : 256 << 20)
    }
  }

  private static var pageStates: [BenchSeries] {
    [
      ("mincore", 92.0), ("cachestat", 710), ("seek-data", 1.3), ("pagemap", 38),
      ("pagemap-scan", 480),
    ].map { sample(.pages, $0, size: 256 << 20, [$1 * 1e6]) }
  }

  private static var pressures: [BenchSeries] {
    let wired = Distribution(min: 60, p50: 95, p90: 140, p99: 420, p999: 2600, max: 61_000)
    let unwired = Distribution(
      min: 60, p50: 110, p90: 88_000, p99: 310_000, p999: 4_100_000, max: 31_000_000)
    return [("wired", wired), ("unwired", unwired)].map { name, values in
      sample(.pressure, name, size: 128 << 20, [values.p50], distribution: values)
    }
  }
}
