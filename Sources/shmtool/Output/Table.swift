/// A table whose columns are as wide as their longest cell. On a terminal it is no wider than the terminal.
struct Table {
  struct Column {
    /// What happens to a cell that does not fit the terminal.
    enum Fit {
      /// The column is omitted, and named below the table.
      case omitted
      /// The middle of the cell is omitted.
      case shortened
      /// The cell continues in the next line. Only the last column can wrap.
      case wrapped
    }

    let heading: String
    var alignsRight = false
    var fit = Fit.omitted
    /// Columns of a higher rank are omitted first. A column whose cells are shortened is omitted only if its rank is
    /// more than 0.
    var rank = 0
  }

  let columns: [Column]
  var rows: [[String]] = []

  /// A table of properties: a name and a value in each row.
  static var properties: Table {
    Table(columns: [Column(heading: ""), Column(heading: "", fit: .wrapped)])
  }

  private static let gap = 2

  /// The rows, the last column without trailing blanks.
  ///
  /// - Parameters:
  ///   - headings: whether the headings are the first line.
  ///   - limit: how many columns the terminal has; nil for no limit.
  /// - Returns: the lines with their ends.
  func text(headings: Bool, limit: Int? = nil) -> String {
    let lines = (headings ? [columns.map(\.heading)] : []) + rows
    let natural = columns.indices.map { index in
      lines.map { DisplayWidth.of($0[index]) }.max() ?? 0
    }
    let (shown, widths) = limit.map { fitted(natural, to: $0) } ?? (Array(columns.indices), natural)
    var text = ""
    for line in lines {
      for cells in pieces(of: line, shown, widths) { text += joined(cells, shown, widths) + "\n" }
    }
    guard let limit, shown.count < columns.count else { return text }
    let omitted = columns.indices.filter { !shown.contains($0) }.map { index in
      String(columns[index].heading.drop { $0 == " " })
    }
    let note = "(not shown: \(omitted.joined(separator: ", ")); --no-truncate shows all)"
    return text + DisplayWidth.wrapped(note, to: limit).map { $0 + "\n" }.joined()
  }

  /// The columns that fit, and their widths.
  private func fitted(_ natural: [Int], to limit: Int) -> (shown: [Int], widths: [Int]) {
    var shown = Array(columns.indices)
    var widths = natural
    func total() -> Int {
      shown.reduce(0) { $0 + widths[$1] } + Self.gap * max(0, shown.count - 1)
    }
    if total() <= limit { return (shown, widths) }
    // Starts with the minimum readable widths, to decide which columns fit.
    let least = limit < 60 ? 8 : 20
    for index in shown where columns[index].fit != .omitted {
      widths[index] = min(natural[index], least)
    }
    while total() > limit, shown.count > 1,
      let last = nextToOmit(of: shown),
      shown.count > 2 || columns[shown[1]].fit != .wrapped
    {
      shown.remove(at: last)
    }
    // Distributes the remaining width, one column at a time, to the narrowest column that is still cut.
    var room = limit - total()
    while room > 0,
      let index = shown.filter({ widths[$0] < natural[$0] }).min(by: { widths[$0] < widths[$1] })
    {
      widths[index] += 1
      room -= 1
    }
    while total() > limit, let index = shown.max(by: { widths[$0] < widths[$1] }), widths[index] > 1
    {
      widths[index] -= 1
    }
    return (shown, widths)
  }

  /// The index of the next column to omit: of the columns of the highest rank the last; nil if all must stay.
  private func nextToOmit(of shown: [Int]) -> Int? {
    shown.indices.filter { columns[shown[$0]].canBeOmitted }
      .max { (rank(of: shown[$0]), $0) < (rank(of: shown[$1]), $1) }
  }

  /// The rank of a column. A column without any information is of a higher rank.
  private func rank(of index: Int) -> Int {
    let hasNone = rows.count > 1 && rows.allSatisfy { Self.emptyCells.contains($0[index]) }
    return columns[index].rank + (hasNone ? 2 : 0)
  }

  /// The cells that say nothing if all cells of a column are such.
  private static let emptyCells: Set<String> = ["", "-", "0 B", "0", "none", "unknown"]

  /// The cells of a row, in as many lines as its last cell needs.
  private func pieces(of line: [String], _ shown: [Int], _ widths: [Int]) -> [[String]] {
    let cells = shown.map { index in
      columns[index].fit == .wrapped
        ? line[index] : DisplayWidth.shortened(line[index], to: widths[index])
    }
    guard let last = shown.last, columns[last].fit == .wrapped, let cell = cells.last else {
      return [cells]
    }
    return DisplayWidth.wrapped(cell, to: widths[last]).enumerated().map { index, piece in
      cells.dropLast().map { index == 0 ? $0 : "" } + [piece]
    }
  }

  /// A line of these cells. It is made of bytes, because a string of blanks takes 15 times as long.
  private func joined(_ cells: [String], _ shown: [Int], _ widths: [Int]) -> String {
    var line: [UInt8] = []
    // The blanks before the next cell.
    var blanks = 0
    for (cell, index) in zip(cells, shown) {
      let padding = max(0, widths[index] - DisplayWidth.of(cell))
      line.append(
        contentsOf: repeatElement(0x20, count: blanks + (columns[index].alignsRight ? padding : 0)))
      line.append(contentsOf: cell.utf8)
      blanks = Self.gap + (columns[index].alignsRight ? 0 : padding)
    }
    return String(decoding: line, as: UTF8.self)
  }
}

extension Table.Column {
  /// Whether the column can be omitted on a narrow terminal.
  fileprivate var canBeOmitted: Bool { fit == .omitted || fit == .shortened && rank > 0 }
}
