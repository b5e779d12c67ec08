import ShmCore

/// Lines of methods over logarithmic axes, with a legend beside them.
struct BenchPicturePlot {
  let panel: BenchPanel
  let lines: [BenchPanel.Line]
  /// Where the plot begins.
  let top: Double

  private static let plotHeight = 320.0
  private static let left = 84.0
  private static let right = 680.0
  private static let legendLine = 24.0

  static func height(_ lines: Int) -> Double {
    36 + max(plotHeight, Double(lines) * legendLine) + 62
  }

  func draw(in svg: inout SVGWriter) {
    let bottom = top + Self.plotHeight
    let sizes = Set(lines.flatMap { $0.points.map(\.size) }).sorted()
    let across = BenchAxis(exactly: sizes.map(Double.init))
    func x(_ size: Int) -> Double {
      Self.left + 14 + across.position(Double(size)) * (Self.right - Self.left - 28)
    }
    func y(_ value: Double) -> Double { bottom - panel.axis.position(value) * Self.plotHeight }
    for tick in panel.axis.ticks(most: 12) {
      svg.line(Self.left, y(tick), Self.right, y(tick), "grid")
      svg.label(panel.label(tick), Self.left - 8, y(tick) + 4, style: "tick", anchor: "end")
    }
    svg.line(Self.left, top, Self.left, bottom, "axis")
    svg.line(Self.left, bottom, Self.right, bottom, "axis")
    var free = 0.0
    for size in sizes {
      svg.line(x(size), bottom, x(size), bottom + 5, "axis")
      let label = "\(ByteCount(size))"
      let half = Double(label.count) * 3.5
      guard x(size) - half >= free else { continue }
      svg.label(label, x(size), bottom + 20, style: "tick", anchor: "middle")
      free = x(size) + half + 6
    }
    let middle = (Self.left + Self.right) / 2
    svg.label("size of a message", middle, bottom + 40, style: "tick", anchor: "middle")
    svg.label("GB/s", Self.margin, top + 4, style: "tick")
    for (index, line) in lines.enumerated() {
      let mark = BenchMark(index)
      svg.group("g", [("class", mark.colourClass)]) { svg in
        let places = line.points.map { (x($0.size), y($0.value)) }
        let path = places.map { "\(SVGWriter.number($0.0)),\(SVGWriter.number($0.1))" }
        if path.count > 1 {
          svg.add(
            "polyline",
            [("class", "line"), ("points", path.joined(separator: " "))] + mark.dashes)
        }
        for (point, place) in zip(line.points, places) {
          svg.group("g", []) { svg in
            svg.add(
              "title", [],
              text: "\(line.name), \(ByteCount(point.size)): "
                + BenchScale(.bytesPerSecond, largest: point.value).text(point.value))
            mark.draw(at: place.0, place.1, in: &svg)
          }
        }
      }
    }
    legend(in: &svg)
  }

  private static let margin = BenchPicture.margin

  /// The methods in the order of their ranks at the largest size. Those that end at a smaller size are last.
  private func legend(in svg: inout SVGWriter) {
    func key(_ index: Int) -> (Int, Int, Int) {
      let last = lines[index].points.last
      return (-(last?.size ?? 0), last?.rank ?? 0, index)
    }
    let order = lines.indices.sorted { key($0) < key($1) }
    for (place, index) in order.enumerated() {
      let mark = BenchMark(index)
      let y = top + 10 + Double(place) * Self.legendLine
      let x = Self.right + 24
      svg.group("g", [("class", mark.colourClass)]) { svg in
        svg.add(
          "line",
          [
            ("class", "line"), ("x1", SVGWriter.number(x)), ("y1", SVGWriter.number(y)),
            ("x2", SVGWriter.number(x + 36)), ("y2", SVGWriter.number(y)),
          ] + mark.dashes)
        mark.draw(at: x + 18, y, in: &svg)
      }
      svg.label(DisplayWidth.shortened(lines[index].name, to: 20), x + 46, y + 4)
    }
  }
}

/// What distinguishes a method from others: a colour, a shape and dashes.
struct BenchMark {
  private let index: Int

  init(_ index: Int) { self.index = index }

  var colourClass: String { "c\(index % BenchPicture.colourCount)" }

  var dashes: [(String, String)] {
    let dashes = ["", "7 3", "2 3", "9 3 2 3"][index % 4]
    return dashes.isEmpty ? [] : [("stroke-dasharray", dashes)]
  }

  /// The shapes as paths around the origin.
  private static let shapes = [
    "M-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0 -9 0z", "M-4 -4h8v8h-8z", "M0 -5l5 9h-10z",
    "M0 -6l5 6l-5 6l-5 -6z", "M0 5l5 -9h-10z",
    "M-1.7 -5h3.4v3.3h3.3v3.4h-3.3v3.3h-3.4v-3.3h-3.3v-3.4h3.3z",
    "M-3 -5h6v10h-6z", "M-5 -3h10v6h-10z",
    "M-5 -3l2 -2l3 3l3 -3l2 2l-3 3l3 3l-2 2l-3 -3l-3 3l-2 -2l3 -3z",
  ]

  func draw(at x: Double, _ y: Double, in svg: inout SVGWriter) {
    svg.add(
      "path",
      [
        ("class", "mark"),
        ("transform", "translate(\(SVGWriter.number(x)) \(SVGWriter.number(y)))"),
        ("d", Self.shapes[index % Self.shapes.count]),
      ])
  }
}
