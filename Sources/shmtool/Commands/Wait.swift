import ArgumentParser
import ShmCore

struct Wait: ParsableCommand {
  static let configuration = CommandConfiguration(
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

  @Option(help: "Until it holds that many bytes.")
  var size: ByteSize?

  @Option(help: "Until these bytes stand at --at; escapes as for fill --pattern.")
  var equals: ByteText?

  @Option(help: "The offset of --equals.")
  var at = ByteSize(bytes: 0)

  @Option(help: "Give up after: 250ms, 5s, 2m, 1h.")
  var timeout: TimeSpan?

  func validate() throws {
    if [removed, size != nil, equals != nil].count(where: { $0 }) > 1 {
      throw ValidationError("--removed, --size and --equals exclude each other")
    }
    if at.bytes != 0, equals == nil { throw ValidationError("--at goes with --equals") }
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
