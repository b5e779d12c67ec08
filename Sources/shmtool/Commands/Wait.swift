import ArgumentParser
import ShmCore

struct Wait: CheckedCommand {
  static let configuration = CommandConfiguration(
    commandName: "wait",
    abstract: "Wait until a region exists, is removed, or holds certain bytes.",
    discussion: """
      Example: shmtool wait cache --timeout 5s
               shmtool wait cache --at 0 --equals 'ready'
      """)

  @Argument(
    help: "The region.", completion: RegionArgument.completion, transform: RegionArgument.parse)
  var region: RegionReference

  @Flag(help: "Until its name is gone.")
  var removed = false

  @Option(
    parsing: .unconditional, help: "Until it holds that many bytes.", transform: ByteSize.parse)
  var size: ByteSize?

  @Option(
    parsing: .unconditional,
    help: "Until these bytes stand at --at; escapes as for fill --pattern.",
    transform: ByteText.parse)
  var equals: ByteText?

  @Option(parsing: .unconditional, help: "The offset of --equals.", transform: ByteSize.parse)
  var at = ByteSize(bytes: 0)

  @Option(
    parsing: .unconditional, help: "Give up after: 250ms, 5s, 2m, 1h.", transform: TimeSpan.parse)
  var timeout: TimeSpan?

  func check() throws {
    if [removed, size != nil, equals != nil].count(where: { $0 }) > 1 {
      throw ValidationError("--removed, --size and --equals exclude each other")
    }
    if at.bytes != 0, equals == nil { throw ValidationError("--at goes with --equals") }
    if at.bytes.addingReportingOverflow(equals?.bytes.count ?? 0).overflow {
      throw ValidationError("no region holds a byte beyond 2^63 - 1")
    }
  }

  func run() throws {
    let condition: RegionWaiter.Condition =
      if removed {
        .removed
      } else if let size {
        .size(size.bytes)
      } else if let equals {
        .bytes(equals.bytes, at: at.bytes)
      } else {
        .created
      }
    try RegionWaiter.wait(for: condition, of: region, milliseconds: timeout?.milliseconds)
  }
}
