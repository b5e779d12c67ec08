import ArgumentParser
import ShmCore

struct Fill: CheckedCommand {
  static let configuration = CommandConfiguration(
    commandName: "fill",
    abstract: "Write bytes that follow a rule, or a file, into a region.",
    discussion: """
      Bytes of --sequence and --random depend on their offset in the region alone, so any part of \
      them can be verified by itself. A file that ends before the range leaves the rest as it was, and \
      'verify --file' then says that it is shorter; with --length it is an error.

      Example: shmtool fill cache --random --seed 7
               shmtool fill cache --byte 0xff --offset 4K --length 1p
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

  @Flag(help: "Go on even if it exceeds memory or a control group's limit.")
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
      let source = try InputSource(path)
      filled = try opened.write(
        from: source.rawDescriptor, named: source.name, range: whole,
        amount: range.length == nil ? .upTo : .all, mayExceedMemory: force, progress: line.update)
    }
    try Output.write(
      ActionReport(
        "fill", region,
        "filled \(ByteCount(filled)) of \(region.quoted) with \(pattern.label)\(rest(whole.count - filled))",
        bytes: filled, offset: whole.lowerBound, nanoseconds: line.finish()), options)
  }

  private func rest(_ bytes: Int) -> String {
    bytes == 0 ? "" : " (the \(bytes) bytes behind stay as they were)"
  }
}
