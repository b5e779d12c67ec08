import ArgumentParser
import ShmCore
import ShmInspection
import ShmStreams

/// `remove --stale`: shows or removes the regions that no process uses.
struct StaleRemoval {
  let olderThan: TimeSpan?
  let isDryRun: Bool

  /// The age in seconds, rounded up.
  private var seconds: Int { ((olderThan?.milliseconds ?? 0) + 999) / 1000 }

  func run(_ options: ActionOptions) throws {
    let found = try StaleRegions.find(olderThan: .seconds(seconds))
    var report = StaleReport(
      dryRun: isDryRun,
      semaphores: found.semaphores.compactMap { $0.entry.reference.map { RawText($0) } },
      segments: found.segments.map(\.identifier), unreadable: found.unreadable,
      olderThanSeconds: seconds)
    for source in report.unreadable { Output.complain(source.sentence) }
    var failure: (any Error)?
    var removed: [StaleRegions.Candidate] = []
    do {
      try Operands.forEach(found.displaced) { (displaced) throws(ShmError) in
        if !isDryRun { try displaced.restore() }
        report.restored.append(
          .init(
            region: RawText(displaced.entry.name),
            name: RawText(displaced.original)))
      }
    } catch {
      failure = error
    }
    do {
      try Operands.forEach(found.candidates, named: { $0.entry.reference.map { RawText($0) } }) {
        (candidate) throws(ShmError) in
        guard let row = try row(candidate) else { return }
        report.regions.append(row)
        if row.removed { removed.append(candidate) }
      }
    } catch {
      failure = failure ?? error
    }
    do {
      let inventory = try StreamInventory.current(besides: StreamArguments.directory)
      let streams = staleStreams(inventory)
      try Operands.forEach(
        streams.filter(\.isOwn), named: { RawText(StreamReference.argument($0.place.name)) }
      ) {
        (stream) throws(ShmError) in
        if let row = try row(stream) { report.regions.append(row) }
      }
      report.streamsOfOthers = streams.filter { !$0.isOwn }.map {
        .init(
          region: RawText(StreamReference.argument($0.place.name)),
          owner: Format.userName($0.status.owner))
      }
      let now = Clock.secondsSince1970
      let directories = inventory.deadDirectories.filter {
        Clock.age(of: $0.modified, now: now) >= seconds
      }
      try Operands.forEach(directories) { (directory) throws(ShmError) in
        if !isDryRun {
          guard try directory.remove() else { return }
        }
        report.directories.append(
          .init(path: RawText(directory.path.bytes), kind: .streams, removed: !isDryRun))
      }
    } catch {
      failure = failure ?? error
    }
    report.directories += StaleRegions.removeEmptyFolders(of: removed).map {
      .init(path: RawText($0.bytes), kind: .regions, removed: true)
    }
    report.count()
    // With a dry run the report is the data, and goes to stdout; otherwise it is a status message.
    if isDryRun {
      try Output.write(report, json: options.json)
    } else {
      try Output.write(report, options)
    }
    if let failure { throw failure }
  }

  /// Nil for a region that was removed since the scan.
  private func row(_ candidate: StaleRegions.Candidate) throws(ShmError) -> StaleReport.Row? {
    let entry = candidate.entry
    var row = StaleReport.Row(
      region: entry.reference.map { RawText($0) } ?? RawText(entry.name),
      kind: entry.kind.rawValue, size: Unknowable(entry.size), allocated: entry.allocated ?? 0,
      ageSeconds: candidate.age,
      proved: Unknowable(candidate.isProvable ? nil : false), identity: entry.identity,
      links: entry.status?.links ?? 1)
    if isDryRun || !candidate.isProvable { return row }
    do throws(ShmError) {
      let use = try candidate.remove()
      row.removed = use == .unused
      row.used = Unknowable(use.isUsed)
      row.proved = Unknowable(row.removed)
    } catch {
      if error.kind == .notFound { return nil }
      throw error
    }
    return row
  }

  /// Includes streams of other users, which are only listed, because only their owner may change the directory.
  private func staleStreams(_ inventory: StreamInventory) -> [StreamInventory.Entry] {
    let now = Clock.secondsSince1970
    return inventory.entries.filter {
      $0.use == .unused
        && Clock.age(of: $0.status.lastChange, now: now) >= seconds
    }
  }

  private func row(_ stream: StreamInventory.Entry) throws(ShmError) -> StaleReport.Row? {
    let made = stream.status.lastChange
    var row = StaleReport.Row(
      region: RawText(StreamReference.argument(stream.place.name)),
      kind: ListKind.stream.rawValue, size: Unknowable(nil),
      allocated: 0, ageSeconds: Clock.age(of: made, now: Clock.secondsSince1970),
      proved: Unknowable(true),
      used: Unknowable(false), identity: nil, links: 1)
    if isDryRun { return row }
    do throws(ShmError) {
      guard try stream.place.removeStale() else { return nil }
    } catch {
      if error.kind == .busy { return nil }
      throw error
    }
    row.removed = true
    return row
  }
}
