import ShmCore
import ShmInspection

extension ListReport {
  /// One column: its word, its heading, and how a row shows in it.
  struct Column: Sendable {
    let name: String
    let help: String
    /// Whether it is shown without --output.
    var isDefault = false
    var alignsRight = false
    /// The facts that the column needs.
    var facts: RegionInventory.Facts = []
    let cell: @Sendable (Row, TextStyle) -> String
    var precedes: @Sendable (Row, Row) -> Bool = { $0.display < $1.display }
  }

  /// The one table of columns: options, help, headings, cells and order come from it.
  static let columns: [Column] = [
    Column(
      name: "kind", help: "posix, semaphore, memfd, sysv, file, anonymous, other, stream",
      isDefault: true, cell: { row, _ in row.kind }, precedes: { $0.kind < $1.kind }),
    Column(
      name: "name", help: "name or path; PID@0xADDRESS if it has no name", isDefault: true,
      cell: { row, _ in row.display.word + row.mark }),
    amount("size", "length", isDefault: true, \.size),
    amount("allocated", "memory charged for it", isDefault: true, \.allocated),
    amount("resident", "in RAM and written", facts: .residency, \.resident),
    amount("swapped", "in swap", isDefault: true, facts: .swap, \.swapped),
    amount(
      "wired", "locked in RAM, or never swapped", isDefault: true, facts: .wiring, \.wired),
    Column(
      name: "charged", help: "control group charged for most of it (root only)",
      facts: .charges, cell: { row, style in row.charged.text { ChargeRow.largest($0, style) } },
      precedes: {
        $0.charged.value?.first?.bytes ?? -1 > $1.charged.value?.first?.bytes ?? -1
      }),
    amount("huge", "on huge pages", facts: .wiring, \.huge),
    Column(
      name: "mode", help: "permission bits", cell: { row, _ in row.mode.text { $0 } },
      precedes: { $0.mode.value ?? "" < $1.mode.value ?? "" }),
    Column(
      name: "owner", help: "owner", isDefault: true,
      cell: { row, _ in row.owner.text(\.printable) },
      precedes: { $0.owner.value ?? RawText("") < $1.owner.value ?? RawText("") }),
    Column(
      name: "age", help: "time since creation or the last write", isDefault: true,
      alignsRight: true,
      cell: { row, _ in row.ageSeconds.text { Format.age($0) } },
      precedes: { $0.ageSeconds.value ?? Int.max < $1.ageSeconds.value ?? Int.max }),
    Column(
      name: "seals", help: "seals of a memfd", facts: .seals,
      cell: { row, _ in
        row.seals.value.map { $0.isEmpty ? "none" : $0.joined(separator: ",") } ?? "-"
      }
    ),
    Column(
      name: "key", help: "key of a System V segment",
      cell: { row, _ in row.segment.value?.key ?? "-" }),
    Column(
      name: "creator", help: "process that created a System V segment", alignsRight: true,
      cell: { row, _ in row.segment.value.map { "\($0.creator)" } ?? "-" }),
    Column(
      name: "attaches", help: "number of attachments of a System V segment", alignsRight: true,
      cell: { row, _ in row.segment.value.map { "\($0.attaches)" } ?? "-" },
      precedes: { $0.segment.value?.attaches ?? -1 > $1.segment.value?.attaches ?? -1 }),
    Column(
      name: "inode", help: "inode number", alignsRight: true,
      cell: { row, _ in "\(row.inode)" }, precedes: { $0.inode < $1.inode }),
    Column(
      name: "reference", help: "name that other commands take",
      cell: { row, _ in row.reference.value?.word ?? "-" }),
    Column(
      name: "users", help: "processes that have it mapped or open", isDefault: true,
      cell: { row, _ in UserRow.list(row.users, row.use) },
      precedes: { $0.users.count > $1.users.count }),
  ]

  static let defaultColumns = columns.filter(\.isDefault).map(\.name)
  static let columnNames = columns.map(\.name).joined(separator: ", ")

  /// The columns with what they mean, a line each.
  static let columnHelp: String = {
    var table = Table(columns: [Table.Column(heading: ""), Table.Column(heading: "")])
    table.rows = columns.map { ["  \($0.name)", $0.help] }
    return String(table.text(headings: false).dropLast())
  }()

  /// The requested columns, and the facts that they need.
  struct Selection {
    let shown: [Column]
    let order: Column?
    /// Whether the last line compares the sum with the kernel's figure.
    let hasSummary: Bool

    init(_ names: [String], sortedBy sort: String, summary: Bool) {
      shown = names.compactMap { name in ListReport.columns.first { $0.name == name } }
      order = ListReport.columns.first { $0.name == sort }
      hasSummary = summary
    }

    var facts: RegionInventory.Facts {
      (shown + [order].compactMap { $0 }).reduce(hasSummary ? [.account, .swap] : []) {
        $0.union($1.facts)
      }
    }
  }

  /// A column of bytes, the most first.
  private static func amount(
    _ name: String, _ help: String, isDefault: Bool = false, facts: RegionInventory.Facts = [],
    _ value: @escaping @Sendable (Row) -> Unknowable<Int>
  ) -> Column {
    Column(
      name: name, help: help, isDefault: isDefault, alignsRight: true, facts: facts,
      cell: { row, style in
        row.kind == ListKind.stream.rawValue ? "-" : value(row).text { Format.size($0, style) }
      },
      precedes: { value($0).value ?? -1 > value($1).value ?? -1 })
  }
}
