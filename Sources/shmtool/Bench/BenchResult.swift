import ShmCore

/// What a benchmark found.
struct BenchResult {
  var series: [BenchSeries] = []
  var skipped: [BenchSkip] = []
}

/// A method that could not be measured.
struct BenchSkip: Encodable {
  let test: BenchTest
  let method: String
  let reason: String

  init(_ test: BenchTest, _ method: BenchMethod, _ error: ShmError) {
    self.init(test, method, error.reason)
  }

  init(_ test: BenchTest, _ method: BenchMethod, _ reason: String) {
    self.test = test
    self.method = method.rawValue
    self.reason = reason
  }
}

extension BenchSeries {
  /// A series whose distribution is that of its samples.
  init(
    _ test: BenchTest, _ method: BenchMethod, size: Int, receivers: Int = 1, unit: Unit,
    samples: [Double], distribution: Distribution? = nil, perGib: Cost? = nil,
    resident: Int? = nil, allocated: Int? = nil
  ) {
    self.init(
      test: test, method: method.rawValue, size: size, receivers: receivers, unit: unit,
      samples: samples, distribution: distribution ?? Distribution(of: samples), perGib: perGib,
      resident: resident, allocated: allocated)
  }
}
