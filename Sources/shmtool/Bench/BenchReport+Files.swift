import ShmCore
import SystemPackage

extension BenchReport {
  /// Compares the series with those of an earlier run. A warning says if that run measured another machine.
  ///
  /// - Parameters:
  ///   - earlier: the earlier run.
  ///   - width: the columns of the text.
  ///   - again: measures some series again. It gets the series that are slower.
  /// - Throws: the errors of the further measurements.
  mutating func compare(
    with earlier: BenchBaseline, width: Int,
    again: ([BenchSeries]) throws(ShmError) -> [BenchSeries]
  ) throws(ShmError) {
    var found = BenchComparison(series, machine: BenchBaseline.facts(machine), with: earlier)
    if let warning = found.warning { Output.complain(warning) }
    for _ in 0..<BenchComparison.confirmations where !found.slower.isEmpty {
      found.confirm(with: try again(found.slower.map(\.series)))
    }
    comparison = Comparison(found, width: width)
  }

  /// The failure if a series is slower than before, or no series was compared; nil otherwise.
  ///
  /// - Parameter path: the file of the earlier run.
  /// - Returns: the failure.
  func failure(comparedWith path: FilePath?) -> (any Error)? {
    guard let comparison else { return nil }
    if comparison.compared == 0 {
      return ShmError(
        .usage, BenchBaseline.attempt(path ?? ""), "the report has no series of this run")
    }
    let slower = comparison.slower
    if slower.isEmpty { return nil }
    let words = slower.count == 1 ? "1 series is" : "\(slower.count) series are"
    return ReportedFailure(
      report: ErrorReport(.checkFailed, "\(words) slower than in the earlier run"))
  }

  /// The series as a picture.
  var picture: String {
    BenchPicture(
      title: "shmtool bench", subtitle: machineText,
      notes: verdicts.map { "On this machine \($0.text)." }
    ).text(series)
  }
}

extension BenchBaseline {
  /// More bytes than a report has. A device may have no end.
  private static let largest = 64 << 20

  static func attempt(_ path: FilePath) -> String {
    "cannot compare with \(Escaping.quoted(path.bytes))"
  }

  /// Reads the report of an earlier run.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - tests: the tests of this run.
  /// - Throws: `ShmError` if it cannot be read, is no such report, or has none of the tests.
  init(at path: FilePath, for tests: [BenchTest]) throws(ShmError) {
    let attempt = Self.attempt(path)
    let text: [UInt8]
    do {
      text = try FileSystem.contents(of: path, limit: Self.largest)
    } catch {
      throw ShmError(attempt, error)
    }
    try self.init(json: text, attempt: attempt)
    let earlier = BenchTest.allCases.filter { test in series.contains { $0.test == test } }
    if earlier.isEmpty { throw ShmError(.usage, attempt, "the report has no series") }
    if !earlier.contains(where: tests.contains) {
      throw ShmError(
        .usage, attempt,
        """
        the report has only \(BenchTest.list(earlier)), and this run measures \(BenchTest.list(tests))
        """)
    }
  }
}
