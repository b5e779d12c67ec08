import ShmCore

/// A row of a list that can be followed over several looks.
protocol FollowedRow {
  var identity: RegionIdentity { get }
  /// The bytes by which growth is measured; nil if unknown.
  var amount: Int? { get }
}

/// The regions of several looks, by what they are and not by their names: their growth, and which are new or gone.
struct ListHistory<Row: FollowedRow> {
  /// The change of a region between two updates.
  struct Entry {
    var row: Row
    /// The growth in bytes since the previous update; nil if either size is unknown.
    var change: Int?
    /// The growth in bytes since the first update that contained the region; nil if either size is unknown.
    var growth: Int?
    /// `new` for three updates after the region appears, `gone` for three updates after it disappears.
    var mark = ""
  }

  private struct Record {
    var entry: Entry
    let first: Int?
    let firstLook: Int
    var lastLook: Int
  }

  /// The number of updates for which a region is marked.
  static var markedLooks: Int { 3 }

  private var records: [RegionIdentity: Record] = [:]
  private var looks = 0

  /// Adds a look.
  ///
  /// - Parameter rows: the regions of the look. A region with several names counts once.
  /// - Returns: these regions, and those that are gone since a few looks, in no order.
  /// - Complexity: linear in the regions.
  mutating func add(_ rows: [Row]) -> [Entry] {
    looks += 1
    for row in rows {
      let before = records[row.identity]
      if before?.lastLook == looks { continue }
      var entry = Entry(row: row)
      entry.change = Self.difference(row.amount, before.map(\.entry.row.amount) ?? row.amount)
      let first = before.map(\.first) ?? row.amount
      entry.growth = Self.difference(row.amount, first)
      let firstLook = before?.firstLook ?? looks
      if firstLook > 1, looks - firstLook < Self.markedLooks { entry.mark = "new" }
      records[row.identity] = Record(
        entry: entry, first: first, firstLook: firstLook, lastLook: looks)
    }
    for (identity, record) in records where record.lastLook < looks {
      guard looks - record.lastLook <= Self.markedLooks else {
        records[identity] = nil
        continue
      }
      records[identity]?.entry.mark = "gone"
      records[identity]?.entry.change = 0
    }
    return records.values.map(\.entry)
  }

  private static func difference(_ now: Int?, _ before: Int?) -> Int? {
    guard let now, let before else { return nil }
    return now - before
  }
}

extension ListReport.Row: FollowedRow {
  var amount: Int? { allocated.value ?? size.value }
}

extension ListReport {
  /// The list as a screen shows it: the summary first, and the growth of each region.
  ///
  /// - Parameters:
  ///   - entries: the regions of this look, and those that are gone.
  ///   - style: the style.
  /// - Returns: the lines with their ends.
  func screen(_ entries: [ListHistory<Row>.Entry], _ style: TextStyle) -> String {
    var table = Table(
      columns: [
        Table.Column(heading: ""), Table.Column(heading: "CHANGE", alignsRight: true),
        Table.Column(heading: "GROWTH", alignsRight: true),
      ] + tableColumns)
    let sorted = entries.sortedByMove { columns.precedes($0.row, $1.row) }
    table.rows = sorted.map { entry in
      [entry.mark, Self.signed(entry.change, style), Self.signed(entry.growth, style)]
        + columns.shown.map { $0.cell(entry.row, style) }
    }
    let head = summary(style).split(separator: "\n").flatMap {
      DisplayWidth.wrapped(String($0), to: style.width)
    }
    return (head + [""]).map { $0 + "\n" }.joined()
      + table.text(headings: style.headings, limit: style.limit)
  }

  /// A difference with its sign; empty if it is zero.
  private static func signed(_ bytes: Int?, _ style: TextStyle) -> String {
    guard let bytes else { return "unknown" }
    if bytes == 0 { return "" }
    return (bytes < 0 ? "-" : "+") + Format.size(Int(clamping: bytes.magnitude), style)
  }
}
