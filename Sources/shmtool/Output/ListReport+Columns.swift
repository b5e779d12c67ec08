import ShmCore
import ShmInspection

extension ListReport {
  /// One column: its word, its heading, and how a row shows in it.
  struct Column: Sendable {
    let name: String
    let help: String
    /// The member of a row in JSON.
    let key: Row.CodingKeys
    /// Whether it is shown without --output.
    var isDefault = false
    var alignsRight = false
    /// Whether long cells are shortened in the middle to fit the terminal. Columns that cannot be shortened are
    /// omitted.
    var isShortened = false
    /// Columns of a higher rank are omitted first, see `Table.Column`.
    var rank = 2
    /// The facts that the column needs.
    var facts: RegionInventory.Facts = []
    let cell: @Sendable (Row, TextStyle) -> String
    /// The field for scripts, if it is not the cell with sizes in bytes.
    var rawField: (@Sendable (Row) -> RawField)?
    var precedes: @Sendable (Row, Row) -> Bool = { $0.region < $1.region }
    /// The bytes of a column of bytes.
    var amount: (@Sendable (Row) -> Unknowable<Int>)?

    /// The field for scripts.
    func field(_ row: Row) -> RawField {
      rawField?(row) ?? RawField(cell(row, TextStyle(bytes: true)))
    }
  }

  /// The one table of columns: options, help, headings, cells and order come from it.
  static let columns: [Column] = [
    Column(
      name: "kind", help: "posix, semaphore, memfd, sysv, file, anonymous, other, stream",
      key: .kind, isDefault: true, rank: 1, cell: { row, _ in row.kind },
      precedes: { $0.kind < $1.kind }),
    Column(
      name: "name", help: "name or path; PID@0xADDRESS if it has no name", key: .name,
      isDefault: true, isShortened: true, rank: 0, cell: { row, _ in row.region.word + row.mark },
      rawField: { RawField(($0.name.value ?? $0.region).bytes) }),
    amount("size", "length", .size, isDefault: true, \.size),
    amount("allocated", "memory charged for it", .allocated, isDefault: true, \.allocated),
    amount("resident", "size in RAM and written", .resident, facts: .residency, \.resident),
    amount("swapped", "size in swap", .swapped, isDefault: true, facts: .swap, \.swapped),
    amount(
      "wired", "locked in RAM, or never swapped", .wired, isDefault: true, facts: .wiring, \.wired),
    Column(
      name: "charged", help: "control group charged for most of it (root only)", key: .charged,
      isShortened: true, rank: 3, facts: .charges,
      cell: { row, style in row.charged.text { ChargeRow.largest($0, style) } },
      rawField: { row in row.charged.field { RawField(list: $0.map(\.field)) } },
      precedes: {
        $0.charged.value?.first?.bytes ?? -1 > $1.charged.value?.first?.bytes ?? -1
      }),
    amount("huge", "size on huge pages", .huge, facts: .wiring, \.huge),
    Column(
      name: "mode", help: "permission bits", key: .mode, cell: { row, _ in row.mode.text { $0 } },
      precedes: { $0.mode.value ?? "" < $1.mode.value ?? "" }),
    Column(
      name: "owner", help: "user that owns it", key: .owner, isDefault: true,
      cell: { row, _ in row.owner.text(\.printable) },
      rawField: { row in row.owner.field { RawField($0.bytes) } },
      precedes: { $0.owner.value ?? RawText("") < $1.owner.value ?? RawText("") }),
    Column(
      name: "age", help: "time since creation or the last write", key: .ageSeconds,
      isDefault: true, alignsRight: true,
      cell: { row, _ in row.ageSeconds.text { Format.age($0) } },
      rawField: { row in row.ageSeconds.field { RawField("\($0)") } },
      precedes: { $0.ageSeconds.value ?? Int.max < $1.ageSeconds.value ?? Int.max }),
    Column(
      name: "seals", help: "seals of a memfd", key: .seals, facts: .seals,
      cell: { row, _ in
        row.seals.value.map { $0.isEmpty ? "none" : $0.joined(separator: ",") } ?? "-"
      },
      rawField: { row in row.seals.value.map { RawField(list: $0) } ?? .missing }),
    Column(
      name: "key", help: "key of a System V segment", key: .segment,
      cell: { row, _ in row.segment.value?.key ?? "-" },
      rawField: { row in row.segment.value.map { RawField($0.key) } ?? .missing }),
    Column(
      name: "creator", help: "process that created a System V segment", key: .segment,
      alignsRight: true, cell: { row, _ in row.segment.value.map { "\($0.creatorPid)" } ?? "-" },
      rawField: { row in row.segment.value.map { RawField("\($0.creatorPid)") } ?? .missing }),
    Column(
      name: "attaches", help: "number of attachments of a System V segment", key: .segment,
      alignsRight: true, cell: { row, _ in row.segment.value.map { "\($0.attaches)" } ?? "-" },
      rawField: { row in row.segment.value.map { RawField("\($0.attaches)") } ?? .missing },
      precedes: { $0.segment.value?.attaches ?? -1 > $1.segment.value?.attaches ?? -1 }),
    Column(
      name: "inode", help: "inode number", key: .inode, alignsRight: true,
      cell: { row, _ in "\(row.inode)" }, precedes: { $0.inode < $1.inode }),
    Column(
      name: "reference", help: "name that other commands take", key: .reference,
      isShortened: true, rank: 3, cell: { row, _ in row.reference.value?.word ?? "-" },
      rawField: { RawField(reference: $0.reference.value) }),
    Column(
      name: "state", help: "named, removed, hidden, unmounted, unknown", key: .nameState,
      cell: { row, _ in row.nameState }, precedes: { $0.nameState < $1.nameState }),
    Column(
      name: "used", help: "whether a process uses it: yes, no, unknown", key: .used,
      cell: { row, _ in row.used.text { $0 ? "yes" : "no" } },
      precedes: { $0.useOrder < $1.useOrder }),
    Column(
      name: "users", help: "processes that have it mapped or open", key: .users, isDefault: true,
      isShortened: true, rank: 0, cell: { row, _ in UserRow.list(row.users, row.use) },
      rawField: { UserRow.field($0.users, $0.use) },
      precedes: { $0.users.count > $1.users.count }),
  ]

  static let defaultColumns = columns.filter(\.isDefault).map(\.name)

  /// The columns with what they mean, a line each.
  static let columnHelp: String = {
    // Part of the start of the program, which a table would make longer.
    let width = columns.reduce(0) { max($0, $1.name.utf8.count) } + 2
    return columns.map { column in
      let gap = String(repeating: " ", count: width - column.name.utf8.count)
      return "  \(column.name)\(gap)\(column.help)"
    }.joined(separator: "\n")
  }()

  /// The requested columns, and the facts that they need.
  struct Selection {
    /// A column to sort by.
    private struct Key {
      let column: Column
      let isReversed: Bool
    }

    let shown: [Column]
    /// Whether the last line compares the sum with the kernel's figure.
    let hasSummary: Bool
    /// The members of each row in JSON; nil for all.
    let keys: Set<Row.CodingKeys>?
    private let order: [Key]

    /// - Parameters:
    ///   - columns: the columns; nil for the default columns, and for all members of JSON.
    ///   - order: what to sort by; nil for the name.
    ///   - summary: whether the text has a summary.
    init(_ columns: ColumnList?, sortedBy order: ColumnOrder?, summary: Bool) {
      let known = { (name: String) in ListReport.columns.first { $0.name == name } }
      shown = (columns?.names ?? ListReport.defaultColumns).compactMap(known)
      keys = columns.map { list in Set(list.names.compactMap { known($0)?.key }) }
      self.order = (order ?? .byName).keys.compactMap { key in
        known(key.name).map { Key(column: $0, isReversed: key.isReversed) }
      }
      hasSummary = summary
    }

    /// The facts for the text.
    var facts: RegionInventory.Facts {
      (shown + order.map(\.column)).reduce(hasSummary ? [.account, .swap] : []) {
        $0.union($1.facts)
      }
    }

    /// The facts for metrics.
    ///
    /// - Parameter isWhole: whether the host is described, too.
    /// - Returns: the facts.
    func metricFacts(isWhole: Bool) -> RegionInventory.Facts {
      shown.filter { $0.amount != nil }.reduce(isWhole ? [.account, .swap] : []) {
        $0.union($1.facts)
      }
    }

    /// The facts for JSON, which has the account in any case.
    var jsonFacts: RegionInventory.Facts {
      facts.union(keys == nil ? .all : [.account, .swap])
    }

    /// Whether a row comes before another row.
    func precedes(_ one: Row, _ other: Row) -> Bool {
      for key in order {
        if key.column.precedes(one, other) { return !key.isReversed }
        if key.column.precedes(other, one) { return key.isReversed }
      }
      return false
    }
  }

  /// A column of bytes, the most first.
  private static func amount(
    _ name: String, _ help: String, _ key: Row.CodingKeys, isDefault: Bool = false,
    facts: RegionInventory.Facts = [],
    _ value: @escaping @Sendable (Row) -> Unknowable<Int>
  ) -> Column {
    Column(
      name: name, help: help, key: key, isDefault: isDefault, alignsRight: true,
      rank: name == "size" ? 0 : 1, facts: facts,
      cell: { row, style in
        row.isStream ? "-" : value(row).text { Format.size($0, style) }
      },
      rawField: { row in row.isStream ? .missing : value(row).field { RawField("\($0)") } },
      precedes: { value($0).value ?? -1 > value($1).value ?? -1 }, amount: value)
  }
}

extension ListReport.Row {
  var isStream: Bool { kind == ListKind.stream.rawValue }

  /// Used regions first, then the unknown ones.
  fileprivate var useOrder: Int {
    switch used.value {
    case true?: 0
    case nil: 1
    case false?: 2
    }
  }
}
