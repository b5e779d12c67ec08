import ArgumentParser
import ShmCore

struct Resize: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resize",
    abstract: "Make a region larger, or with --shrink smaller.",
    discussion: """
      New memory is reserved first. A region that others have mapped is not made smaller without \
      --force: a touch beyond the new end would end them.

      Example: shmtool resize cache 128M
      """)

  @Argument(
    help: "The region.", completion: RegionArgument.completion, transform: RegionArgument.parse)
  var region: RegionReference

  @Argument(help: "The new size.", transform: ByteSize.parse)
  var size: ByteSize

  @Flag(help: "A smaller size is meant.")
  var shrink = false

  @Flag(help: "Even if others use the region, or memory or a control group has no room.")
  var force = false

  @Flag(help: "Reserve no memory.")
  var sparse = false

  @OptionGroup var options: ActionOptions

  func run() throws {
    let line = ProgressLine(total: nil, options)
    let looked = try Region.open(region, access: .status)
    try looked.requireSharedMemory("cannot resize \(region.quoted)")
    let before = try looked.status().size
    if size.bytes > before, shrink {
      throw ShmError(
        .usage, "cannot resize \(region.quoted) to \(ByteCount(size.bytes))",
        "it holds \(ByteCount(before)), and --shrink means less")
    }
    if size.bytes < before, shrink, !force {
      try RegionUse.refuseIfUsed(region, "cannot resize \(region.quoted)")
    }
    let opened = try Region.open(region)
    try opened.resize(
      to: size.bytes, reserve: !sparse, mayShrink: shrink,
      // Whoever it was that nobody used is not whoever uses it after it has changed.
      expected: shrink && !force ? before : nil, mayExceedMemory: force, progress: line.update)
    try Output.write(
      ActionReport(
        "resize", region,
        "resized \(region.quoted) from \(ByteCount(before)) to \(ByteCount(size.bytes))",
        bytes: size.bytes, nanoseconds: line.finish(), isRateKnown: false), options)
  }
}
