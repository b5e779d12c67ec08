import ArgumentParser
import Glibc
import ShmCopying
import ShmCore
import SystemPackage

struct Read: CheckedCommand {
  static let configuration = CommandConfiguration(
    subcommand: "read",
    abstract: "Copy a region to stdout or a file",
    usage: "shmtool read [OPTIONS] REGION",
    discussion: """
      FILE becomes visible only when it is complete and synced to its device. It gets the owner, \
      mode, ACL and extended attributes of the file that it replaces. If FILE is /dev/fd/N, read \
      writes to that descriptor.
      """)

  static let examples = [
    "shmtool read cache --offset 4K --length 64 --hex",
    "shmtool read cache | sha256sum",
  ]

  @Argument(
    help: ArgumentHelp("Region to read", valueName: "REGION"),
    completion: RegionArgument.completion, transform: RegionArgument.parse)
  var region: RegionReference

  @OptionGroup var range: RangeOptions

  @Flag(help: "Print as hexadecimal and text, 16 bytes per line")
  var hex = false

  @Option(
    name: [.customShort("o", allowingJoined: true), .long],
    help: ArgumentHelp("Write FILE; - means stdout", valueName: "FILE"),
    completion: .file(), transform: FileArgument.parse)
  var output: FilePath?

  @Flag(help: "Do not sync FILE to its device")
  var noSync = false

  @Flag(name: .shortAndLong, help: "Write raw bytes even to a terminal")
  var force = false

  @OptionGroup var options: ActionOptions

  func check() throws {
    try range.check()
    if hex, path != nil { throw ValidationError("--hex and --output cannot be used together") }
    if path == nil, noSync || options.json {
      throw ValidationError("--no-sync and --json require --output")
    }
  }

  /// The file to write; nil for stdout.
  private var path: FilePath? { output == "-" ? nil : output }

  func run() throws {
    let attempt = "cannot read \(region.quoted)"
    let isTerminal = try path.map { (path) throws(ShmError) in try OutputFile.check(path) }
    if !hex, !force, isTerminal ?? StandardStreams.isTerminal(STDOUT_FILENO) {
      throw ShmError(
        .usage, attempt, "raw bytes would disturb the terminal", remedy: "use --hex or --force")
    }
    let opened = try Region.open(region, access: .readOnly)
    let whole = try range.range(ofSize: try opened.status().size, attempt)
    if hex { return try HexDump.write(opened, whole) }
    let line = ProgressLine(total: whole.count, options)
    if let path { return try write(opened, whole, to: path, line) }
    try opened.read(
      to: .standardOutput, named: "standard output", range: whole, progress: line.update)
    _ = line.finish()
  }

  private func write(
    _ opened: borrowing Region, _ range: Range<Int>, to path: FilePath, _ line: ProgressLine
  ) throws {
    // After a signal the incomplete file is removed.
    let mask = SignalMask()
    _ = mask
    var file = try OutputFile(path, isSynchronized: !noSync)
    let (descriptor, name) = (file.fileDescriptor, file.name)
    try opened.read(to: descriptor, named: name, range: range) { done in
      file.advance(to: done)
      line.update(done)
    }
    try file.publish()
    try Output.write(
      ReadReport(
        region, name, range, isSynchronized: file.isSynchronized, nanoseconds: line.finish()),
      options)
  }
}
