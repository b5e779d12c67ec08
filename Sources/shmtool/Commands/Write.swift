import ArgumentParser
import ShmCopying
import ShmCore
import SystemPackage

struct Write: CheckedCommand {
  static let configuration = CommandConfiguration(
    subcommand: "write",
    abstract: "Copy stdin or a file into a region",
    usage: "shmtool write [OPTIONS] REGION [FILE]",
    discussion: """
      The region does not grow: an input that is longer than the range is an error. With --length, \
      a shorter input is an error, too. write accepts shared memory only. To write an ordinary \
      file, use 'shmtool copy' (file:PATH).
      """)

  static let examples = [
    "date | shmtool write cache --offset 1M",
    "shmtool write cache weights.bin",
  ]

  @Argument(
    help: ArgumentHelp("Region to write", valueName: "REGION"),
    completion: RegionArgument.completion, transform: RegionArgument.parse)
  var region: RegionReference

  @Argument(
    help: ArgumentHelp("Input (default: stdin); - means stdin", valueName: "FILE"),
    completion: .file(), transform: FileArgument.parse)
  var file: FilePath = "-"

  @OptionGroup var range: RangeOptions
  @Flag(name: .shortAndLong, help: "Proceed if memory or a control group has no room")
  var force = false

  @OptionGroup var options: ActionOptions

  func check() throws {
    try range.check()
  }

  func run() throws {
    let opened = try Region.open(region)
    let whole = try range.range(ofSize: try opened.status().size, "cannot write \(region.quoted)")
    let source = try InputSource(file)
    if file == "-" { WaitNotice.readingTerminal(isQuiet: options.quiet) }
    let line = ProgressLine(total: source.size, options)
    let copied = try opened.write(
      from: source.fileDescriptor, named: source.name, range: whole,
      amount: range.length == nil ? .upTo : .all, mayExceedMemory: force, progress: line.update)
    try Output.write(
      ActionReport(
        "write", region, "wrote \(ByteCount(copied)) into \(region.quoted)",
        range: whole.lowerBound..<whole.lowerBound + copied, nanoseconds: line.finish()), options)
  }
}
