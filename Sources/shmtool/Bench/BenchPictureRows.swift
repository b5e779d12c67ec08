/// Horizontal bars or spans, with the values in words beside them.
struct BenchPictureRows {
  let panel: BenchPanel
  let groups: [BenchPanel.Group]
  /// Where the rows begin.
  let top: Double

  private static let rowHeight = 22.0
  private static let groupHeight = 24.0
  private static let left = 180.0
  private static let right = 680.0

  static func height(_ groups: [BenchPanel.Group]) -> Double {
    34 + rowsHeight(groups) + 56
  }

  private static func rowsHeight(_ groups: [BenchPanel.Group]) -> Double {
    groups.reduce(0) { height, group in
      height + Double(group.rows.count) * rowHeight + (group.title.isEmpty ? 0 : groupHeight)
    }
  }

  func draw(in svg: inout SVGWriter) {
    let bottom = top + Self.rowsHeight(groups) + 4
    axis(bottom, in: &svg)
    let methods = BenchPanel.distinct(groups.flatMap { $0.rows.map(\.name) })
    var place = top
    for group in groups {
      if !group.title.isEmpty {
        svg.label(group.title, BenchPicture.margin, place + 17, style: "group")
        place += Self.groupHeight
      }
      for row in group.rows {
        let middle = place + Self.rowHeight / 2
        let name = DisplayWidth.shortened(row.name, to: 22)
        svg.label(name, Self.left - 10, middle + 4, anchor: "end")
        let mark = BenchMark(methods.firstIndex(of: row.name) ?? 0)
        svg.group("g", [("class", mark.colourClass)]) { svg in
          svg.add("title", [], text: "\(row.name): \(row.text)")
          draw(row, middle, in: &svg)
        }
        svg.label(row.text, Self.right + 14, middle + 4)
        place += Self.rowHeight
      }
    }
  }

  private func x(_ value: Double) -> Double {
    Self.left + panel.axis.position(value) * (Self.right - Self.left)
  }

  private func draw(_ row: BenchPanel.Row, _ middle: Double, in svg: inout SVGWriter) {
    guard case .spans = panel.shape else {
      svg.add(
        "rect",
        [
          ("class", "bar"), ("x", SVGWriter.number(Self.left)),
          ("y", SVGWriter.number(middle - 7)),
          ("width", SVGWriter.number(max(2, x(row.values[0]) - Self.left))), ("height", "14"),
        ])
      return
    }
    let places = row.values.map(x)
    svg.line(places[0], middle, max(places[0] + 1, places[2]), middle, "thin")
    svg.line(places[2], middle - 7, places[2], middle + 7, "thin")
    svg.line(places[1], middle - 4, places[1], middle + 4, "thin")
    svg.add(
      "circle",
      [
        ("class", "mark"), ("cx", SVGWriter.number(places[0])), ("cy", SVGWriter.number(middle)),
        ("r", "5"),
      ])
  }

  private func axis(_ bottom: Double, in svg: inout SVGWriter) {
    var free = 0.0
    let ticks = panel.axis.ticks(most: 8)
    for tick in ticks {
      let unit = tick == ticks.last ? panel.scale.map { " \($0.name)" } ?? "" : ""
      let label = panel.label(tick)
      svg.line(x(tick), top, x(tick), bottom, "grid")
      let half = Double(label.count) * 3.5
      guard x(tick) - half >= free else { continue }
      // The number stands below the line, the unit beside it.
      if unit.isEmpty {
        svg.label(label, x(tick), bottom + 18, style: "tick", anchor: "middle")
      } else {
        svg.label(label + unit, x(tick) - half, bottom + 18, style: "tick")
      }
      free = x(tick) + half + 6
    }
    svg.line(Self.left, top, Self.left, bottom, "axis")
    svg.line(Self.left, bottom, Self.right, bottom, "axis")
    guard case .spans = panel.shape else { return }
    svg.label(
      "dot: median, short line: p99, long line: p99.9", Self.left, bottom + 36, style: "tick")
  }
}
