/// A table whose columns are as wide as their longest cell.
struct Table {
  struct Column {
    let heading: String
    var alignsRight = false
  }

  let columns: [Column]
  var rows: [[String]] = []

  /// The rows, the last column without trailing blanks.
  func text(headings: Bool) -> String {
    let lines = (headings ? [columns.map(\.heading)] : []) + rows
    let widths = columns.indices.map { index in
      lines.map { $0[index].count }.max() ?? 0
    }
    var text = ""
    for line in lines {
      var cells: [String] = []
      for (index, cell) in line.enumerated() {
        let padding = String(repeating: " ", count: widths[index] - cell.count)
        if columns[index].alignsRight {
          cells.append(padding + cell)
        } else {
          cells.append(index == columns.count - 1 ? cell : cell + padding)
        }
      }
      text += cells.joined(separator: "  ") + "\n"
    }
    return text
  }
}
