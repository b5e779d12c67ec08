import ArgumentParser
import ShmCore
import ShmInspection
import ShmStreams

struct Remove: CheckedCommand {
  static let configuration = CommandConfiguration(
    subcommand: "remove",
    abstract: "Unlink the names of regions",
    usage: "shmtool remove [OPTIONS] [REGION ...]",
    discussion: """
      Unlinks names, as rm(1) does. Processes that use a region keep it, and its memory is freed \
      when the last of them releases it. remove accepts shared memory only, and refuses a file that \
      is not on tmpfs, ramfs or hugetlbfs. stream:NAME removes the socket and the directory that \
      a killed sender left. sysv:ID marks a System V segment for destruction.

      --unused removes a region only after it has proven, in the same step, that no process uses \
      it.

      --stale shows POSIX objects, files in subdirectories of /dev/shm, files on hugetlbfs, and \
      streams that no visible process uses. It takes no lease and no lock. With --yes, it removes \
      each region that it proves unused in the same step. Without permission to inspect the \
      processes of other users, it can prove only your own regions unused.

      --stale also handles what interrupted removals left ('.shmtool-removing-…'): it gives a \
      region in use its name back, and removes the others. It also removes empty directories of \
      your streams (/dev/shm/.shmtool-UID), and directories whose last region was removed. It shows \
      and keeps semaphores and System V segments, because they may wait for their next user.
      """,
    aliases: ["rm"])

  static let examples = [
    "shmtool remove cache",
    "shmtool remove --unused cache",
    "shmtool remove --stale --older-than 1h --yes",
  ]

  @Argument(
    help: ArgumentHelp("Regions, or streams (stream:NAME)", valueName: "REGION"),
    completion: CompletionDomain.removed.kind, transform: RemovalOperand.parse)
  var regions: [RemovalOperand] = []

  @Flag(name: .shortAndLong, help: "Ignore regions that do not exist")
  var force = false

  @Flag(help: "Remove only regions that no process uses")
  var unused = false

  @Flag(help: "Show regions that no visible process uses; with --yes remove them")
  var stale = false

  @Flag(name: .shortAndLong, help: "Remove what --stale shows")
  var yes = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "With --stale: only regions created and last written at least DURATION ago",
      valueName: "DURATION"),
    transform: TimeSpan.parse)
  var olderThan: TimeSpan?

  @OptionGroup var options: ActionOptions

  func check() throws {
    if stale {
      if !regions.isEmpty { throw ValidationError("--stale cannot be used with regions") }
      if unused {
        throw ValidationError(
          "--stale and --unused cannot be used together; --stale removes only unused regions")
      }
    } else {
      if regions.isEmpty, !force { throw ValidationError("a region or --stale is required") }
      if yes || olderThan != nil { throw ValidationError("--yes and --older-than require --stale") }
    }
  }

  func run() throws {
    if stale {
      return try StaleRemoval(olderThan: olderThan, isDryRun: !yes).run(options)
    }
    var removed: [RemoveReport.Row] = []
    var operands = Operands()
    var patience = Self.patience
    operands.forEach(regions, named: \.text) { (operand) throws(ShmError) in
      do throws(ShmError) {
        removed.append(try remove(operand, &patience))
      } catch {
        guard force, error.kind == .notFound else { throw error }
      }
    }
    if !removed.isEmpty || options.json {
      try Output.write(RemoveReport(regions: removed, errors: operands.failures), options)
    }
    try operands.finish()
  }

  /// How long to wait in all for processes that only inspect regions, so that many regions in use do not take many
  /// times as long.
  private static let patience = Duration.seconds(1)

  /// The part of it for one region.
  private static func share(of patience: Duration) -> Duration {
    max(.milliseconds(20), min(.milliseconds(250), patience))
  }

  private func remove(
    _ operand: RemovalOperand, _ patience: inout Duration
  ) throws(ShmError) -> RemoveReport.Row {
    switch operand {
    case .region(let reference):
      // Without a region of this name, it can be the name of a stream whose sender was killed.
      if case .posix(let name) = reference, let path = reference.path, !FileSystem.exists(path),
        try removeStream(name)
      {
        return .init(stream: name)
      }
      return try remove(reference, &patience)
    case .stream(let name):
      guard try removeStream(name) else {
        throw ShmError(
          .notFound, "cannot remove the stream \(name.quoted)", "no such stream",
          remedy: "run 'shmtool list --kind stream'")
      }
      return .init(stream: name)
    }
  }

  private func remove(
    _ reference: RegionReference, _ patience: inout Duration
  ) throws(ShmError) -> RemoveReport.Row {
    if case .systemV(let identifier) = reference {
      return try remove(SystemVSegment.named(identifier))
    }
    // Such an operand can never be removed, whether or not the process has the descriptor.
    if case .descriptor = reference {
      throw ShmError(
        .usage, "cannot remove \(reference.quoted)", "it has no name in the file system")
    }
    let region = try Region.open(reference, access: .status)
    let status = try region.status()
    if unused {
      let start = Clock.nanoseconds
      let use = try region.unlinkIfUnused(patience: Self.share(of: patience))
      if use != .unused { patience -= .nanoseconds(Clock.nanoseconds - start) }
      do throws(ShmError) {
        try use.refuse("cannot remove \(reference.quoted)")
      } catch {
        throw HolderArguments.advising(error, region, reference)
      }
    } else {
      try region.unlink()
    }
    return RemoveReport.Row(region: reference, size: status.size)
  }

  private func remove(_ segment: SystemVSegment) throws(ShmError) -> RemoveReport.Row {
    let reference = RegionReference.systemV(segment.identifier)
    let use = try segment.remove(ifUnattached: unused)
    if unused { try use.refuse("cannot remove \(reference.quoted)") }
    return RemoveReport.Row(region: reference, size: segment.size, attached: use != .unused)
  }

  /// Removes the name that a killed sender has left; false if there is no such name.
  private func removeStream(_ name: RegionName) throws(ShmError) -> Bool {
    guard let place = try? StreamArguments.place(name) else { return false }
    if try place.removeStale() { return true }
    let streams = try? StreamInventory.current(besides: StreamArguments.directory).entries
    guard let foreign = streams?.first(where: { $0.place.name == place.name && !$0.isOwn }) else {
      return false
    }
    throw ShmError(
      .notPermitted, "cannot remove the stream \(name.quoted)",
      "it belongs to \(Format.user(foreign.status.owner))")
  }
}
