import ShmCore

/// Charts of series for a terminal, no wider than it.
struct BenchPlot {
  let width: Int
  let isColoured: Bool
  /// Whether characters beyond ASCII may be used.
  let isUTF8: Bool

  /// - Parameters:
  ///   - style: the width and the colours.
  ///   - isUTF8: whether the locale encodes characters in UTF-8.
  init(_ style: TextStyle, isUTF8: Bool) {
    (width, isColoured, self.isUTF8) = (style.width, style.colour, isUTF8)
  }

  /// A chart for each test that was measured, with blank lines between.
  func text(_ series: [BenchSeries]) -> String {
    BenchPanel.all(series).map { panel in
      lines(panel).map { $0 + "\n" }.joined()
    }.joined(separator: "\n")
  }

  private func lines(_ panel: BenchPanel) -> [String] {
    var lines = DisplayWidth.wrapped(panel.title, to: width)
    switch panel.shape {
    case .lines(let methods): lines += curves(methods, panel)
    case .bars(let groups): lines += rows(groups, panel) { bar($0, panel, $1) }
    case .spans(let groups):
      lines += rows(groups, panel) { span($0, panel, $1) }
      lines += DisplayWidth.wrapped(
        "\(marks.median) median, \(marks.p99) p99, \(marks.p999) p99.9", to: width)
    }
    return lines
  }

  // MARK: Characters

  private struct Marks {
    let median, p99, p999, line, dot, vertical, corner, tick: Character
  }

  private var marks: Marks {
    isUTF8
      ? Marks(
        median: "●", p99: "┼", p999: "┤", line: "─", dot: "·", vertical: "│", corner: "└",
        tick: "┴")
      : Marks(
        median: "o", p99: "+", p999: "|", line: "-", dot: ".", vertical: "|", corner: "+",
        tick: "+")
  }

  /// Colours in the order of the methods, as SGR parameters.
  private static let colours = ["36", "33", "32", "35", "34", "31", "96", "93", "92", "95"]

  private func colour(_ index: Int) -> String { Self.colours[index % Self.colours.count] }

  private func coloured(_ text: String, _ index: Int) -> String {
    isColoured ? "\u{1B}[\(colour(index))m\(text)\u{1B}[0m" : text
  }

  /// The text in the columns at most.
  private func shortened(_ text: String, to columns: Int) -> String {
    if isUTF8 { return DisplayWidth.shortened(text, to: columns) }
    guard DisplayWidth.of(text) > columns else { return text }
    return DisplayWidth.prefix(of: text, columns: max(0, columns - 2))
      + String(repeating: ".", count: min(2, columns))
  }

  private func padded(_ text: String, to columns: Int) -> String {
    text + String(repeating: " ", count: max(0, columns - DisplayWidth.of(text)))
  }

  // MARK: Rows

  /// A label, a drawing and a text for each row, and the axis.
  private func rows(
    _ groups: [BenchPanel.Group], _ panel: BenchPanel, _ drawing: (BenchPanel.Row, Int) -> String
  ) -> [String] {
    let all = groups.flatMap(\.rows)
    let longest = all.map { DisplayWidth.of($0.name) }.max() ?? 0
    let label = min(longest, max(6, width / 3))
    let text = all.map { DisplayWidth.of($0.text) }.max() ?? 0
    // Without room for both, the bars give way to the figures, which say more.
    let whole = width - label - 4 - text
    let hasText = whole >= 8 || width - label - 2 < text + 4
    let room = max(1, hasText ? whole : width - label - 2)
    let methods = BenchPanel.distinct(all.map(\.name))
    var lines: [String] = []
    for group in groups {
      if !group.title.isEmpty { lines.append(shortened(group.title, to: width)) }
      for row in group.rows {
        let drawn = drawing(row, room)
        let index = methods.firstIndex(of: row.name) ?? 0
        var line = padded(shortened(row.name, to: label), to: label) + " \(marks.vertical)"
        let bar = DisplayWidth.of(drawn) > 0 ? coloured(drawn, index) : ""
        line += hasText ? padded(bar, to: room) + "  " + row.text : bar
        lines.append(shortenedLine(line))
      }
    }
    return lines + axis(panel, indent: label + 1, room: room)
  }

  /// A line that a very narrow terminal still holds.
  private func shortenedLine(_ line: String) -> String {
    DisplayWidth.of(line) > width ? DisplayWidth.prefix(of: line, columns: width) : line
  }

  private func bar(_ row: BenchPanel.Row, _ panel: BenchPanel, _ room: Int) -> String {
    let length = panel.axis.position(row.values[0]) * Double(room)
    guard isUTF8 else {
      let count = Int(length.rounded())
      return String(repeating: "#", count: row.values[0] > 0 ? max(1, count) : 0)
    }
    let eighths = Int((length * 8).rounded())
    let parts = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]
    let bar = String(repeating: "█", count: eighths / 8) + parts[eighths % 8]
    return bar.isEmpty && row.values[0] > 0 ? parts[1] : bar
  }

  private func span(_ row: BenchPanel.Row, _ panel: BenchPanel, _ room: Int) -> String {
    let places = row.values.map { Int((panel.axis.position($0) * Double(room - 1)).rounded()) }
    var canvas = BenchCanvas(width: room, height: 1)
    for column in places[0]...max(places[0], places[2]) { canvas.put(marks.line, 0, column) }
    // The median is seen if the marks coincide.
    canvas.put(marks.p999, 0, places[2])
    canvas.put(marks.p99, 0, places[1])
    canvas.put(marks.median, 0, places[0])
    return canvas.lines(isColoured: false)[0]
  }

  /// The horizontal axis of bars and spans, with its labels.
  private func axis(_ panel: BenchPanel, indent: Int, room: Int) -> [String] {
    var canvas = BenchCanvas(width: width, height: 2)
    canvas.put(marks.corner, 0, indent)
    for column in 1...room { canvas.put(marks.line, 0, indent + column) }
    let unit = panel.scale.map { " \($0.name)" } ?? ""
    var free = 0
    let ticks = panel.axis.ticks(most: max(3, room / 7))
    for tick in ticks {
      let place = panel.axis.position(tick)
      // A bar of that length ends in the column; the mark of a span stands in it.
      let column =
        if case .spans = panel.shape {
          indent + 1 + Int((place * Double(room - 1)).rounded())
        } else {
          indent + Int((place * Double(room)).rounded())
        }
      if column > indent { canvas.put(marks.tick, 0, column) }
      let number = panel.label(tick)
      let label = number + (tick == ticks.last ? unit : "")
      let start = max(0, min(column - number.count / 2, width - label.count))
      guard start >= free, start + label.count <= width else { continue }
      canvas.put(label, 1, start)
      free = start + label.count + 1
    }
    return canvas.lines(isColoured: false)
  }

  // MARK: Curves

  /// The letter of a method in the chart and its legend.
  static func letter(_ index: Int) -> Character {
    let letters = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
    return letters[index % letters.count]
  }

  private func curves(_ methods: [BenchPanel.Line], _ panel: BenchPanel) -> [String] {
    let height = min(24, max(10, width / 5))
    let ticks = panel.axis.ticks(most: height / 2)
    let indent = ticks.map { panel.label($0).count }.max() ?? 0
    let room = max(1, width - indent - 2)
    let sizes = Set(methods.flatMap { $0.points.map(\.size) }).sorted()
    let across = BenchAxis(exactly: sizes.map(Double.init))
    // Marks of methods at the same place stand side by side, in the room before the next size.
    let step = max(1, room / max(1, sizes.count))
    func column(_ size: Int) -> Int {
      indent + 1 + Int((across.position(Double(size)) * Double(max(0, room - step))).rounded())
    }
    func row(_ value: Double) -> Int {
      height - 1 - Int((panel.axis.position(value) * Double(height - 1)).rounded())
    }
    var canvas = BenchCanvas(width: width, height: height + 2)
    for line in 0..<height { canvas.put(marks.vertical, line, indent) }
    for tick in ticks {
      let label = panel.label(tick)
      canvas.put(label, row(tick), indent - label.count)
    }
    canvas.put(marks.corner, height, indent)
    for place in 0..<room { canvas.put(marks.line, height, indent + 1 + place) }
    var free = 0
    for size in sizes {
      canvas.put(marks.tick, height, column(size))
      let label = "\(ByteCount(size))"
      let start = min(max(indent, column(size) - label.count / 2), width - label.count)
      guard start >= free else { continue }
      canvas.put(label, height + 1, start)
      free = start + label.count + 1
    }
    let isCrowded = mark(methods, &canvas, column: column, row: row, step: step)
    var legend = methods.indices.map { index in
      coloured("\(Self.letter(index))", index) + " " + methods[index].name
    }
    if isCrowded { legend.append("* others at the same place") }
    return canvas.lines(isColoured: isColoured) + wrappedLegend(legend)
  }

  /// Draws the methods' letters and dots between them.
  ///
  /// - Returns: whether letters did not fit.
  private func mark(
    _ methods: [BenchPanel.Line], _ canvas: inout BenchCanvas, column: (Int) -> Int,
    row: (Double) -> Int, step: Int
  ) -> Bool {
    var isCrowded = false
    for (index, method) in methods.enumerated() {
      for point in method.points {
        let (line, first) = (row(point.value), column(point.size))
        if let place = (first..<first + step).first(where: { canvas.isFree(line, $0) }) {
          canvas.put(Self.letter(index), line, place, colour: colour(index))
        } else {
          canvas.put("*", line, first + step - 1)
          isCrowded = true
        }
      }
    }
    for (index, method) in methods.enumerated() {
      for (from, to) in zip(method.points, method.points.dropFirst()) {
        let (start, end) = (column(from.size), column(to.size))
        let (high, low) = (row(from.value), row(to.value))
        for place in start..<max(start, end) where (place - start) % 2 == 0 {
          let part = Double(place - start) / Double(end - start)
          let line = Int((Double(high) + part * Double(low - high)).rounded())
          if canvas.isFree(line, place) {
            canvas.put(marks.dot, line, place, colour: colour(index))
          }
        }
      }
    }
    return isCrowded
  }

  /// Pieces side by side, as many as fit.
  private func wrappedLegend(_ pieces: [String]) -> [String] {
    var lines: [String] = []
    for piece in pieces {
      let piece = DisplayWidth.of(piece) > width ? shortenedLine(piece) : piece
      if let last = lines.last, DisplayWidth.of(last) + 3 + DisplayWidth.of(piece) <= width {
        lines[lines.count - 1] = last + "   " + piece
      } else {
        lines.append(piece)
      }
    }
    return lines
  }
}
