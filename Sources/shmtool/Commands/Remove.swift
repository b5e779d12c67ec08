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
    var removed: [RemoveReport.Row] = []
    var failure: (any Error)?
    do {
      try Operands.forEach(regions) { (reference) throws(ShmError) in
        removed.append(try remove(reference))
      }
    } catch {
      failure = error
    }
    if !removed.isEmpty || options.json {
      try Output.write(RemoveReport(regions: removed), options)
    }
    if let failure { throw failure }
  }

  private func remove(_ reference: RegionReference) throws(ShmError) -> RemoveReport.Row {
    if try removeStream(reference) {
      return RemoveReport.Row(region: reference.description, bytes: 0, stream: true)
    }
    let region = try Region.open(reference, access: .status)
    if unused {
      try RegionUse.refuseIfUsed(
        reference, "cannot remove '\(reference)'",
        otherwise: "leave --unused out: they keep what they have")
    }
    let status = try region.status()
    try region.unlink()
    return RemoveReport.Row(region: reference.description, bytes: status.size, stream: false)
  }

  /// A name that no region has may be a stream's whose sender was killed.
  private func removeStream(_ reference: RegionReference) throws(ShmError) -> Bool {
    guard case .posix(let name) = reference, let path = reference.path, !FileSystem.exists(path),
      let place = try? StreamArguments.place(String(decoding: name.bytes, as: UTF8.self))
    else { return false }
    return try place.removeStale()
  }
}
