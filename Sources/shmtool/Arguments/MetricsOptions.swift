import ArgumentParser
import ShmCore
import SystemPackage

/// Figures for a monitoring system instead of text.
struct MetricsOptions: ParsableArguments {
  @Flag(help: "Print metrics in the text format of Prometheus and OpenMetrics")
  var metrics = false

  @Option(
    help: ArgumentHelp(
      "Write metrics to FILE, which is replaced when it is complete; - means stdout",
      valueName: "FILE"),
    completion: .file(), transform: FileArgument.parse)
  var metricsFile: FilePath?

  /// Whether metrics are the output.
  var areWanted: Bool { metrics || metricsFile != nil }

  /// The options that exclude metrics.
  func check(json: Bool, raw: Bool = false, quiet: Bool = false) throws {
    guard areWanted else { return }
    for (isGiven, option) in [(json, "--json"), (raw, "--raw"), (quiet, "--quiet")] where isGiven {
      throw ValidationError("--metrics and \(option) cannot be used together")
    }
  }

  /// Writes metrics to stdout or the file.
  func write(_ families: [MetricFamily]) throws(ShmError) {
    let text = MetricFamily.text(families)
    guard let metricsFile, metricsFile != "-" else { return try Output.write(text) }
    try ReportFile.replace(metricsFile, with: text)
  }
}

/// The number of regions that metrics name: 1 to 10000.
struct RegionCount: ArgumentWord {
  static let form = "expected a number from 1 to 10000"

  let count: Int

  init?(argument: String) {
    guard let count: Int = Digits.number(argument), (1...10000).contains(count) else { return nil }
    self.count = count
  }
}
