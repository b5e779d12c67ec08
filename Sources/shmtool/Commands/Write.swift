import ArgumentParser
import ShmCore
import SystemPackage

struct Write: CheckedCommand {
  static let configuration = CommandConfiguration(
    commandName: "write",
    abstract: "Copy stdin, or a file, into a region.",
    discussion: """
      Only shared memory is written ('copy' to file:PATH writes a file). The region does not grow: an input that holds more than the range is an error, and so is one \
      that holds less where --length is given.

      Example: date | shmtool write cache --offset 1M
      """)

  @Argument(
    help: "The region.", completion: RegionArgument.completion, transform: RegionArgument.parse)
  var region: RegionReference

  @Argument(
    help: "The input; stdin if left out, or for -.", completion: .file(),
    transform: FileArgument.parse)
  var file: FilePath = "-"

  @OptionGroup var range: RangeOptions
  @Flag(help: "Go on even if it exceeds memory or a control group's limit.")
  var force = false

  @OptionGroup var options: ActionOptions

  func check() throws {
    try range.check()
  }

  func run() throws {
    let opened = try Region.open(region)
    let whole = try range.range(ofSize: try opened.status().size, "cannot write \(region.quoted)")
    let source = try InputSource(file)
    let line = ProgressLine(total: source.size, options)
    let copied = try opened.write(
      from: source.rawDescriptor, named: source.name, range: whole,
      amount: range.length == nil ? .upTo : .all, mayExceedMemory: force, progress: line.update)
    try Output.write(
      ActionReport(
        "write", region, "wrote \(ByteCount(copied)) into \(region.quoted)", bytes: copied,
        offset: whole.lowerBound, nanoseconds: line.finish()), options)
  }
}
