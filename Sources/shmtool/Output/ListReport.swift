import ShmCore
import ShmInspection

/// The regions of the host.
struct ListReport: Report {
  /// The sum of all regions, shown or not, and the kernel's figure, in bytes.
  struct Account: Encodable {
    let shmem: Int
    let listed: Int
    let otherFiles: Int
    let unaccounted: Int
    let unknownRegions: Int

    init(_ account: SharedMemoryAccount) {
      shmem = account.shmem
      listed = account.listed
      otherFiles = account.otherFiles
      unaccounted = account.unaccounted
      unknownRegions = account.unknownRegions
    }
  }

  /// A directory or a file in which regions are found.
  struct Unreadable: Encodable {
    let path: RawText
    let reason: String

    init(_ source: RegionInventory.UnreadableSource) {
      path = RawText(source.place.bytes)
      reason = source.reason
    }

    /// One line for stderr.
    var sentence: String { "cannot read \(path.quoted): \(reason); its regions are not listed" }
  }

  let action = "list"
  let regions: [Row]
  let hiddenProcesses: Int
  /// Whether every process of the machine was inspected or is counted in `hiddenProcesses`.
  let seesAllProcesses: Bool
  let account: Unknowable<Account>
  /// The sources that could not be read. Their regions are missing in the list.
  let unreadable: [Unreadable]
  let columns: Selection

  enum CodingKeys: CodingKey {
    case action, regions, hiddenProcesses, seesAllProcesses, account, unreadable
  }

  /// - Parameters:
  ///   - inventory: the figures of all regions.
  ///   - rows: the rows to show.
  ///   - columns: their columns and their order.
  ///   - unreadable: further sources that could not be read.
  init(
    _ inventory: RegionInventory, rows: [Row], columns: Selection,
    unreadable: [RegionInventory.UnreadableSource] = []
  ) {
    var rows = rows.sortedByMove(columns.precedes)
    if let keys = columns.keys {
      for index in rows.indices { rows[index].keys = keys }
    }
    regions = rows
    hiddenProcesses = inventory.hiddenProcesses
    seesAllProcesses = inventory.seesEverybody
    account = Unknowable(inventory.account.map { Account($0) })
    self.unreadable = (inventory.unreadable + unreadable).map { Unreadable($0) }
    self.columns = columns
  }

  func text(_ style: TextStyle) -> String {
    if style.isRaw {
      return RawTable.text(regions.map { row in columns.shown.map { $0.field(row) } })
    }
    var table = Table(columns: tableColumns)
    table.rows = regions.map { row in columns.shown.map { $0.cell(row, style) } }
    return table.text(headings: style.headings, limit: style.limit)
      + (columns.hasSummary ? summary(style) : "")
  }

  /// The columns of the table.
  var tableColumns: [Table.Column] {
    columns.shown.map {
      Table.Column(
        heading: $0.name.uppercased(), alignsRight: $0.alignsRight,
        fit: $0.isShortened ? .shortened : .omitted, rank: $0.rank)
    }
  }

  func summary(_ style: TextStyle) -> String {
    func size(_ bytes: Int) -> String { Format.size(bytes, style) }
    var parts: [String] = []
    if let account = account.value {
      let rest = account.unaccounted
      parts.append(
        """
        Shmem: \(size(account.shmem)), including \(size(account.listed)) listed, \
        \(size(account.otherFiles)) in other files on tmpfs, \
        \(rest < 0 ? "\(size(-rest)) more listed than counted" : "\(size(rest)) unaccounted for")
        """)
      if account.unknownRegions > 0 {
        parts.append("regions of unknown size: \(account.unknownRegions)")
      }
    }
    if let hidden = Self.hidden(hiddenProcesses, seesEverybody: seesAllProcesses) {
      parts.append(hidden)
    }
    return parts.isEmpty ? "" : parts.joined(separator: "; ") + "\n"
  }

  /// The processes that could not be inspected, in words; nil if all could be inspected.
  static func hidden(_ processes: Int, seesEverybody: Bool) -> String? {
    let counted = "\(processes) \(processes == 1 ? "process" : "processes")"
    return switch (processes, seesEverybody) {
    case (0, true): nil
    case (0, false): "some processes may be hidden"
    case (_, true): "\(counted) could not be inspected (permission denied)"
    case (_, false): "\(counted) could not be inspected (permission denied), and more may be hidden"
    }
  }
}
