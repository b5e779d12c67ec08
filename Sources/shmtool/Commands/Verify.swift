import ArgumentParser
import ShmCopying
import ShmCore

struct Verify: CheckedCommand {
  static let configuration = CommandConfiguration(
    subcommand: "verify",
    abstract: "Compare a region with a pattern or a file",
    usage: "shmtool verify [OPTIONS] REGION",
    discussion: """
      Takes the patterns of 'shmtool fill'. Exits with 0 if all bytes are equal, and with 1 if \
      they differ. If the contents differ, verify reports the offset of the first difference and \
      the number of differing bytes.
      """)

  static let examples = [
    "shmtool verify cache --random --seed 7",
    "shmtool verify cache --file weights.bin",
  ]

  @Argument(
    help: ArgumentHelp("Region to verify", valueName: "REGION"),
    completion: RegionArgument.completion, transform: RegionArgument.parse)
  var region: RegionReference

  @OptionGroup var pattern: PatternOptions
  @OptionGroup var range: RangeOptions

  @Option(
    help: ArgumentHelp(
      "Number of threads (default: number of processors, at most 4)", valueName: "COUNT"),
    transform: ThreadCount.parse)
  var threads: ThreadCount?

  @OptionGroup var options: ActionOptions

  func check() throws {
    try pattern.check()
    try range.check()
  }

  func run() throws {
    let opened = try Region.open(region, access: .readOnly)
    let whole = try range.range(ofSize: try opened.status().size, "cannot verify \(region.quoted)")
    let line = ProgressLine(total: whole.count, options)
    let difference: Difference?
    switch pattern.source {
    case .pattern(let rule):
      difference = try opened.verify(
        rule, range: whole, threads: threads?.count, progress: line.update)
    case .file(let path):
      let source = try InputSource(path)
      difference = try opened.verify(
        from: source.fileDescriptor, named: source.name, range: whole,
        isPrefix: range.length != nil, progress: line.update)
    }
    let report = VerifyReport(
      region, label: pattern.label, range: whole, difference: difference,
      nanoseconds: line.finish())
    try Output.write(report, options)
    if difference != nil { throw report.failure }
  }
}
