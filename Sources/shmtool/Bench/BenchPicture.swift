import ShmCore

/// The charts of a benchmark as one SVG file, which needs no other file and no script.
struct BenchPicture {
  /// The heading.
  let title: String
  /// The machine, below the heading.
  let subtitle: String
  /// Sentences below the subtitle.
  let notes: [String]

  static let width = 900.0
  static let margin = 24.0
  private static let lineHeight = 18.0
  /// What fits one line of text, in characters.
  private static let lineLength = 125

  /// The file.
  func text(_ series: [BenchSeries]) -> String {
    let panels = BenchPanel.all(series)
    let head = ([subtitle] + notes).filter { !$0.isEmpty }
      .flatMap { DisplayWidth.wrapped($0, to: Self.lineLength) }
    let top = 44 + Double(head.count) * Self.lineHeight + 10
    let height = top + panels.reduce(0) { $0 + Self.height($1) } + Self.margin
    var writer = SVGWriter()
    let size = [("width", SVGWriter.number(Self.width)), ("height", SVGWriter.number(height))]
    writer.group(
      "svg",
      [("xmlns", "http://www.w3.org/2000/svg")] + size + [
        ("viewBox", "0 0 \(SVGWriter.number(Self.width)) \(SVGWriter.number(height))"),
        ("role", "img"), ("aria-labelledby", "title desc"),
      ]
    ) { svg in
      svg.add("title", [("id", "title")], text: title)
      svg.add("desc", [("id", "desc")], text: description(panels))
      svg.add("style", [], text: Self.style)
      svg.add("rect", [("class", "paper"), ("width", "100%"), ("height", "100%")])
      svg.label(title, Self.margin, 34, style: "heading")
      for (index, line) in head.enumerated() {
        svg.label(line, Self.margin, 56 + Double(index) * Self.lineHeight, style: "note")
      }
      var place = top
      for panel in panels {
        Self.draw(panel, at: place, in: &svg)
        place += Self.height(panel)
      }
    }
    return writer.text
  }

  /// The figures in words, for readers who do not see the charts.
  private func description(_ panels: [BenchPanel]) -> String {
    let parts = panels.map { panel in
      switch panel.shape {
      case .lines(let lines):
        let methods = lines.compactMap { line in
          line.points.last.map {
            "\(line.name) \(BenchScale.gigabytes.text($0.value)) at \(ByteCount($0.size))"
          }
        }
        return "\(panel.title): \(methods.joined(separator: ", "))."
      case .bars(let groups), .spans(let groups):
        let rows = groups.map { group in
          (group.title.isEmpty ? "" : "\(group.title): ")
            + group.rows.map { "\($0.name) \($0.text)" }.joined(separator: ", ")
        }
        return "\(panel.title): \(rows.joined(separator: "; "))."
      }
    }
    return ([subtitle.isEmpty ? "" : subtitle + "."] + parts).filter { !$0.isEmpty }
      .joined(separator: " ")
  }

  private static func height(_ panel: BenchPanel) -> Double {
    switch panel.shape {
    case .lines(let lines): BenchPicturePlot.height(lines.count)
    case .bars(let groups), .spans(let groups): BenchPictureRows.height(groups)
    }
  }

  private static func draw(_ panel: BenchPanel, at top: Double, in svg: inout SVGWriter) {
    svg.group("g", []) { svg in
      svg.label(panel.title, margin, top + 22, style: "subheading")
      switch panel.shape {
      case .lines(let lines):
        BenchPicturePlot(panel: panel, lines: lines, top: top + 36).draw(in: &svg)
      case .bars(let groups), .spans(let groups):
        BenchPictureRows(panel: panel, groups: groups, top: top + 34).draw(in: &svg)
      }
    }
  }

  /// The colours of the methods, which persons with a colour vision deficiency distinguish (after Okabe and Ito), dark
  /// enough for white paper.
  private static let lightColours = [
    "#0072b2", "#c44e00", "#00805e", "#a3457c", "#8f6200", "#2b8cc4", "#404040",
  ]
  private static let darkColours = [
    "#56b4e9", "#ff8a4c", "#2ecc9b", "#e69fc8", "#e6b800", "#a6d8f7", "#dddddd",
  ]
  /// The number of colours of methods.
  static var colourCount: Int { lightColours.count }

  private static var style: String {
    func colours(_ all: [String]) -> String {
      all.enumerated().map { "--c\($0.offset):\($0.element);" }.joined()
    }
    let uses = (0..<colourCount).map { ".c\($0){--c:var(--c\($0))}" }.joined()
    return """

      svg{--paper:#ffffff;--ink:#1a1a1a;--soft:#595959;--grid:#dddddd;\(colours(lightColours))}
      @media (prefers-color-scheme:dark){svg{--paper:#161616;--ink:#f0f0f0;--soft:#b0b0b0;\
      --grid:#3a3a3a;\(colours(darkColours))}}
      \(uses)
      text{font:12px system-ui,sans-serif;fill:var(--ink)}
      .heading{font-size:20px;font-weight:bold}
      .subheading{font-size:15px;font-weight:bold}
      .note,.tick{fill:var(--soft)}
      .note{font-size:13px}
      .group{font-weight:bold}
      .paper{fill:var(--paper)}
      .grid{stroke:var(--grid)}
      .axis{stroke:var(--soft)}
      .line{fill:none;stroke:var(--c);stroke-width:2}
      .mark{fill:var(--c);stroke:var(--paper)}
      .bar{fill:var(--c)}
      .thin{stroke:var(--c);stroke-width:2;fill:none}

      """
  }
}

extension SVGWriter {
  /// A text whose base line begins, has its middle or ends at a place.
  mutating func label(
    _ text: String, _ x: Double, _ y: Double, style: String = "", anchor: String = "start"
  ) {
    var attributes = [("x", Self.number(x)), ("y", Self.number(y))]
    if !style.isEmpty { attributes.append(("class", style)) }
    if anchor != "start" { attributes.append(("text-anchor", anchor)) }
    add("text", attributes, text: text)
  }

  mutating func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ style: String) {
    add(
      "line",
      [
        ("class", style), ("x1", Self.number(x1)), ("y1", Self.number(y1)),
        ("x2", Self.number(x2)), ("y2", Self.number(y2)),
      ])
  }
}
