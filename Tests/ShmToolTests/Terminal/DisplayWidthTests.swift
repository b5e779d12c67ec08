import Testing

@testable import shmtool

@Suite("the width of text on a terminal")
struct DisplayWidthTests {
  @Test(
    "the width of text equals that of wcwidth(3)",
    arguments: [
      ("", 0), ("abc", 3), ("é", 1), ("e\u{301}", 1), ("共有", 4), ("한", 2), ("ｱ", 1), ("Ａ", 2),
      ("\u{1100}\u{1161}", 2), ("😀", 2), ("a\u{200B}b", 2), ("…", 1),
      ("\u{1B}[1;32mWW\u{1B}[0m", 2),
    ])
  func columns(_ text: String, _ width: Int) {
    #expect(DisplayWidth.of(text) == width)
  }

  @Test("long text is shortened in the middle", arguments: 0...30)
  func shortened(_ columns: Int) {
    for text in ["region-0123456789-end", "共有メモリ共有メモリ", "e\u{301}e\u{301}e\u{301}e\u{301}", ""] {
      let short = DisplayWidth.shortened(text, to: columns)
      #expect(DisplayWidth.of(short) <= columns)
      #expect(DisplayWidth.of(text) > columns || short == text)
    }
    #expect(DisplayWidth.shortened("region-0123456789-end", to: 9) == "regi…-end")
  }

  @Test("text is wrapped at blanks, and within words that are too long", arguments: 1...40)
  func wrapped(_ columns: Int) {
    let text = "tmpfs at /dev/shm (rw,nosuid,nodev,inode64), inode 12"
    let lines = DisplayWidth.wrapped(text, to: columns)
    #expect(lines.allSatisfy { DisplayWidth.of($0) <= columns })
    #expect(
      lines.joined().filter { $0 != " " } == text.filter { $0 != " " })
  }

  @Test("the rows of a wrapped line are counted")
  func rows() {
    #expect(DisplayWidth.broken("", to: 10).count == 1)
    #expect(DisplayWidth.broken("0123456789", to: 10).count == 1)
    #expect(DisplayWidth.broken("0123456789a", to: 10).count == 2)
    #expect(DisplayWidth.broken("\u{1B}[1m0123456789\u{1B}[0m", to: 10).count == 1)
  }

  @Test("a table fits every width that has room for one column", arguments: [12, 20, 40, 60, 80])
  func table(_ limit: Int) {
    var table = Table(columns: [
      Table.Column(heading: "KIND"), Table.Column(heading: "NAME", fit: .shortened),
      Table.Column(heading: "SIZE", alignsRight: true),
      Table.Column(heading: "INODE", alignsRight: true),
    ])
    table.rows = [["posix", String(repeating: "n", count: 100), "64 KiB", "1234567"]]
    let text = table.text(headings: true, limit: limit)
    #expect(text.split(separator: "\n").allSatisfy { DisplayWidth.of($0) <= limit })
    #expect(limit < 40 || text.contains("64 KiB"))
    #expect((text.contains("(not")) == !text.contains("1234567"))
  }

  @Test(
    "a table omits the columns of the highest rank first, and columns without information before others"
  )
  func ranks() throws {
    var table = Table(columns: [
      Table.Column(heading: "ADDRESSES", rank: 3), Table.Column(heading: "EMPTY"),
      Table.Column(heading: "FULL"), Table.Column(heading: "LAST"),
      Table.Column(heading: "NAME", fit: .shortened),
      Table.Column(heading: "OTHER", fit: .shortened, rank: 4),
    ])
    table.rows = (1...2).map { ["0x7f0000000000", "-", "f\($0)", "l\($0)", "name", "other\($0)"] }
    let notes = [60, 44, 36, 22, 15].map { limit in
      let text = table.text(headings: true, limit: limit)
      return text.split(separator: "\n").drop { !$0.hasPrefix("(") }.joined(separator: " ")
    }
    let shown = "; --no-truncate shows all)"
    #expect(notes[0].isEmpty)
    #expect(notes[1] == "(not shown: OTHER" + shown)
    #expect(notes[2] == "(not shown: ADDRESSES, OTHER" + shown)
    #expect(notes[3] == "(not shown: ADDRESSES, EMPTY, OTHER" + shown)
    #expect(notes[4] == "(not shown: ADDRESSES, EMPTY, LAST, OTHER" + shown)
  }
}
