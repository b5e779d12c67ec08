import ArgumentParser
import ShmCore

struct Verify: CheckedCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Compare a region with bytes that follow a rule, or with a file.",
    discussion: """
      Takes the words of fill. Ends with 0 where they are equal, and with 1 where they are not, \
      and says where the first difference is and how many bytes differ.

      Example: shmtool verify cache --random --seed 7
      """)

  @Argument(
    help: "The region.", completion: RegionArgument.completion, transform: RegionArgument.parse)
  var region: RegionReference

  @OptionGroup var pattern: PatternOptions
  @OptionGroup var range: RangeOptions

  @Option(
    help: "How many threads work at once (default: the processors, 4 at most).",
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
        from: source.rawDescriptor, named: source.name, range: whole,
        isPrefix: range.length != nil, progress: line.update)
    }
    let report = VerifyReport(
      region, label: pattern.label, range: whole, difference: difference,
      nanoseconds: line.finish())
    try Output.write(report, options)
    if difference != nil { throw ExitCode(1) }
  }
}
