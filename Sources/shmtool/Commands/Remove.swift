import ArgumentParser
import ShmCore

struct Remove: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Take the names of regions away.",
    discussion: """
      As rm(1) does: whoever uses a region keeps it, and its memory is free when the last one ends. \
      With --unused a region stays unless it is proved that nobody uses it. What the killed sender of a \
      stream has left is cleared by the stream's name.

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
      if try removeStream(reference) { return }
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

  /// A name that no region has may be a stream's whose sender was killed.
  private func removeStream(_ reference: RegionReference) throws(ShmError) -> Bool {
    guard case .posix(let name) = reference, let path = reference.path, !FileSystem.exists(path),
      let place = try? StreamArguments.place(String(decoding: name.bytes, as: UTF8.self)),
      try place.removeStale()
    else { return false }
    try Output.write(
      ActionReport(
        "remove", reference, "removed '\(reference)', a stream whose sender is gone", bytes: 0),
      options)
    return true
  }
}
