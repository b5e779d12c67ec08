import Testing

@testable import shmtool

@Suite("The picture of a benchmark")
struct BenchPictureTests {
  private func picture(_ series: [BenchSeries], _ notes: [String] = []) -> String {
    BenchPicture(title: "shmtool bench", subtitle: "a machine", notes: notes).text(series)
  }

  @Test("is one file without scripts and references to others")
  func selfContained() {
    let text = picture(BenchSeries.invented)
    #expect(text.hasPrefix("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"900\""))
    #expect(text.hasSuffix("</svg>\n"))
    for word in ["<script", "href", "url(", "@import", "<image", "<foreignObject", "<?", "<!"] {
      #expect(!text.contains(word))
    }
    #expect(text.matches(of: /https?:/).count == 1)
  }

  @Test("has light and dark colours, the same number of each")
  func schemes() throws {
    let text = picture(BenchSeries.invented)
    let parts = text.split(separator: "@media (prefers-color-scheme:dark)")
    #expect(parts.count == 2)
    for part in parts {
      for index in 0..<BenchPicture.colourCount { #expect(part.contains("--c\(index):#")) }
      #expect(part.contains("--paper:#"))
      #expect(part.contains("--ink:#"))
    }
  }

  @Test("has a title, and a description with the figures")
  func description() throws {
    let text = picture([
      .sample(.transfer, "stream", size: 64, [1e9]),
      .sample(.transfer, "stream", size: 4096, [3e9]),
      .sample(.memory, "touch", [2e9], resident: 4096),
      .sample(.fanOut, "pipes", receivers: 1, [1e9]),
      .sample(.fanOut, "pipes", receivers: 2, [4e9]),
    ])
    #expect(text.contains("role=\"img\" aria-labelledby=\"title desc\""))
    #expect(text.contains("<title id=\"title\">shmtool bench</title>"))
    #expect(
      text.contains(
        """
        <desc id="desc">a machine. Transfer, GB/s by the size of a message: stream 3.00 GB/s at 4 KiB. \
        Fan-out, all receivers together, 64 KiB: 1 receiver: pipes 1.00 GB/s; 2 receivers: pipes 4.00 GB/s. \
        Memory made ready, 64 KiB: touch 2.00 GB/s, 4 KiB resident.</desc>
        """))
  }

  @Test(
    "escapes texts",
    arguments: [
      ("a<b", "a&lt;b"), ("</svg>", "&lt;/svg&gt;"), ("R&D", "R&amp;D"),
      ("\"x\" 'y'", "&quot;x&quot; &#39;y&#39;"),
      ("a\u{1B}[31mb\0", "a\u{FFFD}[31mb\u{FFFD}"), ("über", "über"),
    ])
  func escaping(_ text: String, _ escaped: String) {
    let svg = BenchPicture(title: text, subtitle: text, notes: [text]).text([
      .sample(.latency, text, [1]), .sample(.latency, "other", [2]),
    ])
    #expect(svg.contains(">\(escaped)</title>"))
    #expect(svg.contains(">\(escaped): 1 ns to 1 ns</title>"))
    #expect(svg.matches(of: /<\/svg>/).count == 1)
    #expect(!svg.contains("\u{1B}"))
    #expect(!svg.contains("\0"))
  }

  @Test("is well-formed, and draws nothing outside", arguments: [0, 1, 2, 3, 4, 5, 6])
  func bounds(_ index: Int) throws {
    let series =
      index == 6
      ? BenchSeries.invented
      : BenchSeries.invented.filter {
        $0.test == BenchTest.allCases[index]
      }
    let text = picture(series, [String(repeating: "a long sentence ", count: 30)])
    var open: [Substring] = []
    for tag in text.matches(of: /<(\/?)([a-z]+)[^<>]*?(\/?)>/) {
      if tag.3 == "/" { continue }
      if tag.1 == "/" {
        #expect(open.popLast() == tag.2)
      } else {
        open.append(tag.2)
      }
    }
    #expect(open.isEmpty)
    let height = try #require(text.firstMatch(of: /height="([0-9.]+)"/).flatMap { Double($0.1) })
    for place in text.matches(of: #/ (?:x|x1|x2|cx)="(-?[0-9.]+)"/#) {
      #expect((0...900).contains(try #require(Double(place.1))))
    }
    for place in text.matches(of: #/ (?:y|y1|y2|cy)="(-?[0-9.]+)"/#) {
      #expect((0...height).contains(try #require(Double(place.1))))
    }
    #expect(!text.contains("nan"))
    #expect(!text.contains("inf\""))
  }

  @Test("distinguishes methods without colours")
  func marks() {
    let marks = (0..<10).map { index in
      var svg = SVGWriter()
      BenchMark(index).draw(at: 0, 0, in: &svg)
      return svg.text + "\(BenchMark(index).dashes)"
    }
    let withoutColour = marks.map { $0.replacing(/class="[^"]*"/, with: "") }
    #expect(Set(withoutColour).count == 10)
  }

  @Test("shortens names that do not fit")
  func names() {
    let name = String(repeating: "long-name-", count: 10)
    for test in [BenchTest.latency, .memory] {
      let svg = picture([.sample(test, name, [1]), .sample(test, "b", [1])])
      #expect(svg.contains("…"))
      #expect(!svg.contains("text-anchor=\"end\">\(name)<"))
    }
  }

  @Test(
    "writes numbers with one decimal",
    arguments: [
      (1.0, "1"), (1.25, "1.3"), (-0.04, "0"), (-3.26, "-3.3"), (900, "900"), (0.999, "1"),
    ])
  func numbers(_ value: Double, _ text: String) {
    #expect(SVGWriter.number(value) == text)
  }
}
