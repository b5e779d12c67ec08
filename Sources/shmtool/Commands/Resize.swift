import ArgumentParser
import ShmCore
import ShmInspection

struct Resize: CheckedCommand {
  static let configuration = CommandConfiguration(
    subcommand: "resize",
    abstract: "Change the size of a region",
    usage: "shmtool resize [OPTIONS] REGION SIZE",
    discussion: """
      Growing reserves the new memory first; --sparse reserves nothing. A smaller size requires \
      --shrink. If other processes use the region, it also requires --force, because a process \
      that touches a page beyond the new end gets SIGBUS.
      """)

  static let examples = [
    "shmtool resize cache 128M",
    "shmtool resize cache 32M --shrink",
  ]

  @Argument(
    help: ArgumentHelp("Region to resize", valueName: "REGION"),
    completion: RegionArgument.completion, transform: RegionArgument.parse)
  var region: RegionReference

  @Argument(help: ArgumentHelp("New size", valueName: "SIZE"), transform: ByteSize.parse)
  var sizeOperand: ByteSize?

  @Option(
    name: [.customShort("s", allowingJoined: true), .customLong("size")], parsing: .unconditional,
    help: ArgumentHelp("Size, instead of the operand SIZE", valueName: "SIZE"),
    transform: ByteSize.parse)
  var sizeOption: ByteSize?

  @Flag(help: "Allow a smaller size")
  var shrink = false

  @Flag(
    name: .shortAndLong,
    help: "Proceed if the region is in use, or memory or a control group has no room")
  var force = false

  @Flag(help: "Reserve no memory")
  var sparse = false

  @OptionGroup var options: ActionOptions

  func check() throws {
    if (sizeOperand == nil) == (sizeOption == nil) {
      throw ValidationError(
        sizeOption == nil ? "SIZE is required" : "SIZE and --size cannot be used together")
    }
  }

  func run() throws {
    guard let size = sizeOption ?? sizeOperand else { return }
    let line = ProgressLine(total: nil, options)
    let looked = try Region.open(region, access: .status)
    try looked.requireSharedMemory("cannot resize \(region.quoted)")
    let before = try looked.status().size
    if size.bytes > before, shrink {
      throw ShmError(
        .doesNotFit, "cannot resize \(region.quoted) to \(ByteCount(size.bytes))",
        "its size is \(ByteCount(before)), and --shrink requires a smaller size")
    }
    if size.bytes < before, shrink, !force {
      let use = try looked.shrinkIfUnused(to: size.bytes, from: before)
      do throws(ShmError) {
        try use.refuse("cannot resize \(region.quoted)")
      } catch {
        throw HolderArguments.advising(error, looked, region)
      }
    } else {
      try Region.open(region).resize(
        to: size.bytes, reserve: !sparse, mayShrink: shrink,
        // If the size has changed since, another process may use the region now.
        expected: shrink && !force ? before : nil, mayExceedMemory: force, progress: line.update)
    }
    try Output.write(
      ActionReport(
        "resize", region,
        "resized \(region.quoted) from \(ByteCount(before)) to \(ByteCount(size.bytes))",
        size: size.bytes, nanoseconds: line.finish()), options)
  }
}
