import ArgumentParser
import ShmCopying
import ShmCore

struct Fill: CheckedCommand {
  static let configuration = CommandConfiguration(
    subcommand: "fill",
    abstract: "Fill a region with a pattern or a file",
    usage: "shmtool fill [OPTIONS] REGION",
    discussion: """
      The bytes of --sequence and --random depend only on their offset in the region, so any part \
      can be verified on its own.

      If FILE ends before the range does, the rest of the range is unchanged, and 'verify \
      --file' reports that FILE is shorter. With --length, a FILE that ends too early is an \
      error.
      """)

  static let examples = [
    "shmtool fill cache --random --seed 7",
    "shmtool fill cache --byte 0xff --offset 4K --length 1p",
  ]

  @Argument(
    help: ArgumentHelp("Region to fill", valueName: "REGION"),
    completion: RegionArgument.completion, transform: RegionArgument.parse)
  var region: RegionReference

  @OptionGroup var pattern: PatternOptions
  @OptionGroup var range: RangeOptions

  @Option(
    help: ArgumentHelp(
      "Number of threads (default: number of processors, at most 4)", valueName: "COUNT"),
    transform: ThreadCount.parse)
  var threads: ThreadCount?

  @Flag(name: .shortAndLong, help: "Proceed if memory or a control group has no room")
  var force = false

  @OptionGroup var options: ActionOptions

  func check() throws {
    try pattern.check()
    try range.check()
  }

  func run() throws {
    let opened = try Region.open(region)
    let whole = try range.range(ofSize: try opened.status().size, "cannot fill \(region.quoted)")
    let line = ProgressLine(total: whole.count, options)
    var filled = whole.count
    switch pattern.source {
    case .pattern(let rule):
      try opened.fill(
        rule, range: whole, threads: threads?.count, mayExceedMemory: force,
        progress: line.update)
    case .file(let path):
      if path == "-" { WaitNotice.readingTerminal(isQuiet: options.quiet) }
      let source = try InputSource(path)
      filled = try opened.write(
        from: source.fileDescriptor, named: source.name, range: whole,
        amount: range.length == nil ? .upTo : .all, mayExceedMemory: force, progress: line.update)
    }
    try Output.write(
      ActionReport(
        "fill", region,
        "filled \(ByteCount(filled)) of \(region.quoted) with \(pattern.label)\(rest(whole.count - filled))",
        range: whole.lowerBound..<whole.lowerBound + filled, nanoseconds: line.finish()), options)
  }

  private func rest(_ bytes: Int) -> String {
    bytes == 0 ? "" : " (the last \(bytes) bytes are unchanged)"
  }
}
