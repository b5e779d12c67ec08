import ShmCore
import ShmInspection
import ShmStreams

/// One scan of the regions and streams of the host, with the options of `list`.
struct ListLook {
  let operands: [ListOperand]
  let filter: ListFilter
  let columns: ListReport.Selection
  let facts: RegionInventory.Facts

  /// The operands that named no region in the last look.
  private(set) var failures: [ListFailure] = []

  init(
    _ operands: [ListOperand], _ filter: ListFilter, _ columns: ListReport.Selection,
    facts: RegionInventory.Facts
  ) {
    (self.operands, self.filter, self.columns, self.facts) = (operands, filter, columns, facts)
  }

  /// Looks once.
  ///
  /// - Throws: `ShmError`; a source that cannot be read is no error.
  mutating func again() throws(ShmError) -> ListReport {
    let inventory = try RegionInventory.current(facts)
    var streams: [StreamInventory.Entry] = []
    var unreadable: [RegionInventory.UnreadableSource] = []
    if filter.takesStreams {
      do {
        streams = try StreamInventory.current(besides: StreamArguments.directory).entries
      } catch {
        let source = RegionInventory.UnreadableSource(
          place: RegionName.directory, reason: error.reason)
        if !inventory.unreadable.contains(source) { unreadable.append(source) }
      }
    }
    let now = Clock.secondsSince1970
    let all =
      inventory.entries.map { ListReport.Row($0, now: now) }
      + streams.map { ListReport.Row($0, now: now) }
    let choice = ListChoice(operands, among: all)
    failures = choice.failures
    return ListReport(
      inventory, rows: choice.rows.filter(filter.accepts), columns: columns,
      unreadable: unreadable)
  }
}
