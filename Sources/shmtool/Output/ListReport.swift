import ShmCore

/// The regions of the host.
struct ListReport: Report {
  /// One region.
  struct Row: Encodable {
    let kind: String
    /// The exact name; null where it is not UTF-8.
    let name: Unknowable<String>
    /// The name, safe for a terminal.
    let display: String
    /// Null for a stream, whose ring has no name.
    let size: Unknowable<Int>
    let allocated: Unknowable<Int>
    let mode: String
    let owner: String
    let ownerId: UInt32
    /// Seconds since it was made, or since it was last written where that is not known.
    let ageSeconds: Int
    let users: [UserRow]
    /// Whether anybody uses it: null where that cannot be known.
    let used: Unknowable<Bool>
    /// Whether those are all of its users.
    let usersComplete: Bool
    let use: RegionUse

    enum CodingKeys: CodingKey {
      case kind, name, display, size, allocated, mode, owner, ownerId, ageSeconds, users, used
      case usersComplete
    }
  }

  /// One column: its word, its heading, and how a row shows in it.
  struct Column: Sendable {
    let name: String
    var alignsRight = false
    let cell: @Sendable (Row, TextStyle) -> String
    var precedes: @Sendable (Row, Row) -> Bool = { $0.display < $1.display }
  }

  /// The one table of columns: options, headings, cells and order come from it.
  static let columns: [Column] = [
    Column(name: "kind", cell: { row, _ in row.kind }, precedes: { $0.kind < $1.kind }),
    Column(name: "name", cell: { row, _ in row.display }),
    Column(
      name: "size", alignsRight: true, cell: { row, style in Self.size(row.size, style) },
      precedes: { $0.size.value ?? -1 > $1.size.value ?? -1 }),
    Column(
      name: "allocated", alignsRight: true,
      cell: { row, style in Self.size(row.allocated, style) },
      precedes: { $0.allocated.value ?? -1 > $1.allocated.value ?? -1 }),
    Column(name: "mode", cell: { row, _ in row.mode }, precedes: { $0.mode < $1.mode }),
    Column(name: "owner", cell: { row, _ in row.owner }, precedes: { $0.owner < $1.owner }),
    Column(
      name: "age", alignsRight: true, cell: { row, _ in Format.age(row.ageSeconds) },
      precedes: { $0.ageSeconds < $1.ageSeconds }),
    Column(
      name: "users", cell: { row, _ in UserRow.list(row.users, row.use) },
      precedes: { $0.users.count > $1.users.count }),
  ]

  static let defaultColumns = columns.map(\.name)
  static let columnNames = defaultColumns.joined(separator: ", ")

  let regions: [Row]
  let hiddenProcesses: Int
  private let shown: [Column]

  enum CodingKeys: CodingKey {
    case regions, hiddenProcesses
  }

  init(
    _ entries: [RegionInventory.Entry], _ users: RegionUsers,
    streams: [StreamInventory.Entry], columns names: [String],
    sortedBy sort: String, now: Int
  ) {
    var rows = entries.map { entry in
      let status = entry.status
      let use = entry.use(in: users)
      return Row(
        kind: entry.kind.rawValue,
        name: Unknowable(String(validating: entry.name, as: UTF8.self)),
        display: Escaping.printable(entry.name), size: Unknowable(status.size),
        allocated: Unknowable(status.allocated),
        mode: Format.mode(status.mode), owner: Format.user(status.owner), ownerId: status.owner,
        ageSeconds: max(0, now - (status.created ?? status.modified)),
        users: users.users(of: status.identity).map { UserRow($0) },
        used: Unknowable(use.isUsed),
        usersComplete: use == .unused || users.isComplete, use: use)
    }
    rows += streams.map { Self.row($0, now) }
    let precedes = Self.columns.first { $0.name == sort }?.precedes
    regions = precedes.map { rows.sorted(by: $0) } ?? rows
    hiddenProcesses = users.hiddenProcesses
    shown = names.compactMap { name in Self.columns.first { $0.name == name } }
  }

  private static func row(_ stream: StreamInventory.Entry, _ now: Int) -> Row {
    let status = stream.status
    let name = stream.place.name
    return Row(
      kind: "stream", name: Unknowable(String(validating: name.bytes, as: UTF8.self)),
      display: Escaping.printable(name.bytes), size: Unknowable(nil), allocated: Unknowable(nil),
      mode: Format.mode(status.mode), owner: Format.user(status.owner), ownerId: status.owner,
      ageSeconds: max(0, now - (status.created ?? status.modified)),
      users: stream.sender.map { [UserRow($0)] } ?? [], used: Unknowable(stream.use.isUsed),
      usersComplete: stream.use == .unused, use: stream.use)
  }

  private static func size(_ bytes: Unknowable<Int>, _ style: TextStyle) -> String {
    bytes.value.map { Format.size($0, style) } ?? "-"
  }

  func text(_ style: TextStyle) -> String {
    var table = Table(
      columns: shown.map {
        Table.Column(heading: $0.name.uppercased(), alignsRight: $0.alignsRight)
      })
    table.rows = regions.map { row in shown.map { $0.cell(row, style) } }
    return table.text(headings: style.headings)
  }
}
