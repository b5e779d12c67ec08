import ArgumentParser
import ShmCore

struct Create: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Create a region, with its memory set aside.",
    discussion: """
      The region appears whole or not at all. Its memory is reserved, so that a full tmpfs is an \
      error here and not a signal later; --sparse leaves that out.

      Example: shmtool create cache 64M
               shmtool create model --from weights.bin --mode 640
      """)

  @Argument(help: "A POSIX name, or a path on tmpfs or hugetlbfs.", transform: RegionArgument.parse)
  var region: RegionReference

  @Argument(help: "Its size; with --from the size of the input if left out.")
  var size: ByteSize?

  @Flag(help: "Accept an existing region of the same size.")
  var open = false

  @Flag(help: "Reserve no memory.")
  var sparse = false

  @Option(help: "The permission bits, whatever the umask.")
  var mode = FileMode(bits: 0o600)

  @Option(help: "Fill it from a file, or - for stdin, before it appears.", completion: .file())
  var from: String?

  @OptionGroup var options: ActionOptions

  func validate() throws {
    if size == nil, from == nil { throw ValidationError("a size is needed, or --from") }
    if size?.bytes == 0 { throw ValidationError("a region holds one byte at least") }
    if open, from != nil { throw ValidationError("--open and --from exclude each other") }
    if sparse, from != nil { throw ValidationError("--sparse and --from exclude each other") }
  }

  func run() throws {
    let settings = Region.CreationOptions(mode: mode.bits, reserve: !sparse)
    let line: ProgressLine
    var isNew = true
    let made: RegionStatus
    if let from {
      let source = try InputSource(from)
      line = ProgressLine(total: size?.bytes ?? source.size, options)
      made = try Region.create(
        region, from: source, size: size?.bytes, options: settings, progress: line.update
      ).status()
    } else {
      let bytes = size?.bytes ?? 0
      line = ProgressLine(total: bytes, options)
      made =
        try open
        ? Region.openOrCreate(
          region, size: bytes, options: settings, isNew: &isNew, progress: line.update
        ).status()
        : Region.create(region, size: bytes, options: settings, progress: line.update).status()
    }
    let what = isNew ? (sparse ? "created sparse" : "created") : "opened existing"
    try Output.write(
      ActionReport(
        "create", region, "\(what) '\(region)': \(ByteCount(made.size))", bytes: made.size,
        nanoseconds: line.finish()), options)
  }
}
