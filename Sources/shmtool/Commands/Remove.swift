import ArgumentParser
import ShmCore

struct Remove: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Take the names of regions away.",
    discussion: """
      As rm(1) does: whoever uses a region keeps it, and its memory is free when the last one ends. \
      With --unused a region stays unless it is proved that nobody uses it.

      Example: shmtool remove cache
               shmtool remove --unused cache
      """,
    aliases: ["rm"])

  @Argument(
    help: "The regions.", completion: RegionArgument.completion, transform: RegionArgument.parse)
  var regions: [RegionReference]

  @Flag(help: "Only where nobody uses it.")
  var unused = false

  @OptionGroup var options: ActionOptions

  func run() throws {
    try Operands.forEach(regions) { (reference) throws(ShmError) in
      let region = try Region.open(reference, access: .status)
      if unused {
        try RegionUse.refuseIfUsed(
          reference, "cannot remove '\(reference)'",
          otherwise: "leave --unused out: they keep what they have")
      }
      let status = try region.status()
      try region.unlink()
      try Output.write(
        ActionReport(
          "remove", reference, "removed '\(reference)', \(ByteCount(status.size))",
          bytes: status.size), options)
    }
  }
}
