import ShmCore

/// What a benchmark found.
struct BenchResult {
  var series: [BenchSeries] = []
  var skipped: [BenchSkip] = []

  /// Records that a method cannot be measured on this machine.
  ///
  /// - Parameters:
  ///   - test: the test.
  ///   - method: the method.
  ///   - error: what refused it.
  /// - Throws: the error itself if it means that a measurement is wrong; an error of kind `interrupted` after a signal.
  mutating func skip(
    _ test: BenchTest, _ method: BenchMethod, because error: ShmError
  ) throws(ShmError) {
    try SignalMask.checkPending(BenchCall.attempt)
    if [.damaged, .defect, .peerDied].contains(error.kind) { throw error }
    skipped.append(BenchSkip(test, method, error))
  }

  /// Measures methods in turn. The first round warms up and does not count. A method that fails is skipped.
  ///
  /// - Parameters:
  ///   - methods: the methods.
  ///   - test: their test.
  ///   - rounds: how often each is measured.
  ///   - progress: gets a step for each round.
  ///   - measure: returns the sample of a method.
  /// - Returns: the samples of each method that could be measured, in the order of the methods.
  /// - Throws: as `skip(_:_:because:)`.
  mutating func measureInTurn(
    _ methods: [BenchMethod], of test: BenchTest, rounds: Int, _ progress: BenchProgress,
    _ measure: (BenchMethod) throws(ShmError) -> Double
  ) throws(ShmError) -> [(method: BenchMethod, samples: [Double])] {
    var found = methods.map { (method: $0, samples: [Double]()) }
    for round in 0...rounds {
      for method in found.map(\.method) {
        guard let index = found.firstIndex(where: { $0.method == method }) else { continue }
        do {
          let sample = try measure(method)
          if round > 0 { found[index].samples.append(sample) }
        } catch {
          try skip(test, method, because: error)
          found.remove(at: index)
        }
      }
      try progress.step()
    }
    return found
  }
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
