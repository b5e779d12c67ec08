/// Characters in rows and columns, each with a colour.
struct BenchCanvas {
  private struct Cell {
    var character: Character = " "
    var colour: String?
  }

  let width: Int
  private var rows: [[Cell]]

  init(width: Int, height: Int) {
    self.width = width
    rows = Array(repeating: Array(repeating: Cell(), count: width), count: height)
  }

  /// Whether nothing was put there. A place beyond the canvas is not free.
  func isFree(_ row: Int, _ column: Int) -> Bool {
    rows.indices.contains(row) && (0..<width).contains(column)
      && rows[row][column].character == " "
  }

  /// Puts a character at a place. A place beyond the canvas is ignored.
  ///
  /// - Parameters:
  ///   - character: one column wide.
  ///   - row: from 0.
  ///   - column: from 0.
  ///   - colour: the SGR parameters; nil for the ordinary colour. ECMA-48
  mutating func put(_ character: Character, _ row: Int, _ column: Int, colour: String? = nil) {
    guard rows.indices.contains(row), (0..<width).contains(column) else { return }
    rows[row][column] = Cell(character: character, colour: colour)
  }

  /// Puts a text of characters that are one column wide.
  mutating func put(_ text: String, _ row: Int, _ column: Int, colour: String? = nil) {
    for (index, character) in text.enumerated() {
      put(character, row, column + index, colour: colour)
    }
  }

  /// The rows without trailing blanks.
  func lines(isColoured: Bool) -> [String] {
    rows.map { row in
      var line = ""
      var current: String?
      let end = row.lastIndex { $0.character != " " }.map { $0 + 1 } ?? 0
      for cell in row[..<end] {
        // A blank has no colour to change.
        let colour = !isColoured ? nil : cell.character == " " ? current : cell.colour
        if colour != current {
          if current != nil { line += "\u{1B}[0m" }
          if let colour { line += "\u{1B}[\(colour)m" }
          current = colour
        }
        line.append(cell.character)
      }
      return line + (current == nil ? "" : "\u{1B}[0m")
    }
  }
}
