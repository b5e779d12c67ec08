import ArgumentParser
import ShmCore

struct Remove: CheckedCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove",
    abstract: "Take the names of regions away.",
    discussion: """
      Only shared memory is removed: a file that is not on tmpfs, ramfs or hugetlbfs is refused. \
      As rm(1) does: whoever uses a region keeps it, and its memory is free when the last one ends. \
      With --unused a region stays unless it is proved at that moment that no process uses it: a process \
      that opens it meanwhile finds the name again. stream:NAME \
      removes what the killed sender of a stream has left, and never a region.

      --stale shows every POSIX object, file on hugetlbfs and stream that no process is seen to use; it \
      takes no lease or lock. --yes proves for each that no process uses it, and removes it in the same \
      step: a region that is in use, or has a new name, stays. If other users' processes cannot be seen, \
      only the caller's own regions can be proved unused, and the others stay. The age counts from when a \
      region was made or last written, whichever is later. A region that a killed removal has left as \
      '.shmtool-removing-…' is removed, or gets its name again if it is in use. Semaphores stay, for they wait for \
      their next user; System V segments are named and stay ('ipcrm -m' removes them). Empty directories of this \
      user in which streams met (/dev/shm/.shmtool-UID) are removed as well.

      Example: shmtool remove cache
               shmtool remove --unused cache
               shmtool remove --stale --older-than 1h --yes
      """,
    aliases: ["rm"])

  @Argument(
    help: "The regions.", completion: CompletionDomain.removed.kind, transform: RemovalOperand.parse
  )
  var regions: [RemovalOperand] = []

  @Flag(help: "Only where nobody uses it.")
  var unused = false

  @Flag(help: "Everything that no process uses; without --yes it is only shown")
  var stale = false

  @Flag(help: "Remove what is stale.")
  var yes = false

  @Option(
    parsing: .unconditional,
    help: "Of what is stale, only what was made or last written that long ago: 250ms, 5s, 2m, 1h",
    transform: TimeSpan.parse)
  var olderThan: TimeSpan?

  @OptionGroup var options: ActionOptions

  func check() throws {
    if stale {
      if !regions.isEmpty { throw ValidationError("--stale takes no regions") }
      if unused {
        throw ValidationError("--stale removes nothing that is used: leave --unused out")
      }
    } else {
      if regions.isEmpty { throw ValidationError("say which: regions, or --stale") }
      if yes || olderThan != nil { throw ValidationError("--yes and --older-than go with --stale") }
    }
  }

  func run() throws {
    if stale {
      return try StaleRemoval(olderThan: olderThan, isDryRun: !yes).run(options)
    }
    var removed: [RemoveReport.Row] = []
    var operands = Operands()
    operands.forEach(regions, named: \.text) { (operand) throws(ShmError) in
      removed.append(try remove(operand))
    }
    if !removed.isEmpty || options.json {
      try Output.write(RemoveReport(regions: removed, errors: operands.failures), options)
    }
    try operands.finish()
  }

  private func remove(_ operand: RemovalOperand) throws(ShmError) -> RemoveReport.Row {
    switch operand {
    case .region(let reference):
      // A name that no region has may be a stream's whose sender was killed.
      if case .posix(let name) = reference, let path = reference.path, !FileSystem.exists(path),
        try removeStream(name)
      {
        return .init(stream: name)
      }
      return try remove(reference)
    case .stream(let name):
      guard try removeStream(name) else {
        throw ShmError(
          .notFound, "cannot remove the stream \(name.quoted)", "no such stream",
          remedy: "run 'shmtool list --kind stream'")
      }
      return .init(stream: name)
    }
  }

  private func remove(_ reference: RegionReference) throws(ShmError) -> RemoveReport.Row {
    let region = try Region.open(reference, access: .status)
    let status = try region.status()
    if unused {
      try region.unlinkIfUnused().refuse("cannot remove \(reference.quoted)")
    } else {
      try region.unlink()
    }
    return RemoveReport.Row(region: RawText(reference), bytes: status.size, stream: false)
  }

  /// Clears what a killed sender has left; false if there is nothing of that name.
  private func removeStream(_ name: RegionName) throws(ShmError) -> Bool {
    guard let place = try? StreamArguments.place(name) else { return false }
    if try place.removeStale() { return true }
    let streams = try? StreamInventory.current(besides: StreamArguments.directory).entries
    guard let foreign = streams?.first(where: { $0.place.name == place.name && !$0.isOwn }) else {
      return false
    }
    throw ShmError(
      .notPermitted, "cannot remove the stream \(name.quoted)",
      "it is \(Format.user(foreign.status.owner))'s, and only its user may work where it is met")
  }
}
