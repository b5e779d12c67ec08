import ArgumentParser
import Glibc
import ShmCore

struct Read: CheckedCommand {
  static let configuration = CommandConfiguration(
    commandName: "read",
    abstract: "Copy bytes of a region to stdout.",
    discussion: """
      Example: shmtool read cache --offset 4K --length 64 --hex
               shmtool read cache | sha256sum
      """)

  @Argument(
    help: "The region.", completion: RegionArgument.completion, transform: RegionArgument.parse)
  var region: RegionReference

  @OptionGroup var range: RangeOptions

  @Flag(help: "As hexadecimal and text, 16 bytes a line.")
  var hex = false

  @Flag(help: "Write raw bytes to a terminal, too.")
  var force = false

  @Flag(help: "Show a progress line, also where stderr is no terminal.")
  var progress = false

  func check() throws {
    try range.check()
  }

  func run() throws {
    let attempt = "cannot read '\(region)'"
    if !hex, !force, StandardStreams.isTerminal(STDOUT_FILENO) {
      throw ShmError(
        .usage, attempt, "raw bytes would disturb the terminal", remedy: "use --hex or --force")
    }
    let opened = try Region.open(region, access: .readOnly)
    let whole = try range.range(ofSize: try opened.status().size, attempt)
    if hex { return try HexDump.write(opened, whole) }
    let line = ProgressLine(total: whole.count, isWanted: progress)
    try opened.read(
      to: STDOUT_FILENO, named: "standard output", range: whole, progress: line.update)
    _ = line.finish()
  }
}
