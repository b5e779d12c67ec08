import ArgumentParser
import ShmCore
import ShmInspection

struct Wait: CheckedCommand {
  static let configuration = CommandConfiguration(
    commandName: "wait",
    abstract: "Wait until a region is created, changed or removed",
    usage: "shmtool wait [OPTIONS] REGION",
    discussion: """
      Without an option, waits until REGION exists. Exits with 124 if --timeout expires first.
      """)

  static let examples = [
    "shmtool wait cache --timeout 5s",
    "shmtool wait cache --at 0 --equals 'ready'",
  ]

  @Argument(
    help: ArgumentHelp("Region to wait for", valueName: "REGION"),
    completion: RegionArgument.completion, transform: RegionArgument.parse)
  var region: RegionReference

  @Flag(help: "Wait until the region is removed")
  var removed = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Wait until the region has at least SIZE bytes", valueName: "SIZE"),
    transform: ByteSize.parse)
  var size: ByteSize?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Wait until the bytes at --at equal TEXT, which may hold the escapes of 'fill --pattern'",
      valueName: "TEXT"),
    transform: ByteText.parse)
  var equals: ByteText?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Offset for --equals (default: 0)", valueName: "OFFSET"),
    transform: ByteSize.parse)
  var at = ByteSize(bytes: 0)

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Fail after DURATION, such as 250ms, 5s, 2m or 1h (default: never)", valueName: "DURATION"),
    transform: TimeSpan.parse)
  var timeout: TimeSpan?

  func check() throws {
    if [removed, size != nil, equals != nil].count(where: { $0 }) > 1 {
      throw ValidationError("--removed, --size and --equals cannot be used together")
    }
    if at.bytes != 0, equals == nil { throw ValidationError("--at requires --equals") }
    if at.bytes.addingReportingOverflow(equals?.bytes.count ?? 0).overflow {
      throw ValidationError("--at plus the length of --equals exceeds 2^63 - 1")
    }
  }

  /// The end of the wait in words.
  private var words: String {
    if removed { return "is removed" }
    if let size { return "has \(ByteCount(size.bytes))" }
    return equals == nil ? "exists" : "holds the bytes at \(at.bytes)"
  }

  func run() throws {
    let condition: Region.Condition =
      if removed {
        .removed
      } else if let size {
        .size(size.bytes)
      } else if let equals {
        .bytes(equals.bytes, at: at.bytes)
      } else {
        .created
      }
    try WaitNotice.during(
      "waiting until \(region.quoted) \(words); Ctrl-C stops", isQuiet: false
    ) { () throws(ShmError) in
      try Region.wait(for: condition, of: region, timeout: timeout?.duration)
    }
  }
}
