import ShmCore
import ShmTestSupport
import Testing

@testable import shmtool

@Suite("list: words of the command line, as values")
struct ListWordTests {
  /// A row without a region.
  private struct Row: NamedRow {
    let references: [[UInt8]]
    let names: [[UInt8]]
    let identity: RegionIdentity

    init(_ inode: UInt64, _ name: String, _ references: String...) {
      names = [bytes(name)]
      self.references = references.map { bytes($0) }
      identity = RegionIdentity(device: 1, inode: inode)
    }
  }

  private static let rows = [
    Row(1, "jack-1", "jack-1", "/jack-1"), Row(2, "jack-2"), Row(3, "a*b"), Row(4, "axb"),
    Row(5, "sysv:7"), Row(6, "/mnt/huge/x"), Row(6, "/mnt/huge/y"),
    Row(7, "twice", "pid:1:2"), Row(8, "twice", "twice"), Row(9, "both"), Row(10, "both"),
  ]

  /// The inodes of the chosen rows, and the kinds of the failures.
  private func choose(_ words: [String]) throws -> ([UInt64], [ShmError.Kind]) {
    let operands = try words.map { try ListOperand.parse($0) }
    let choice = ListChoice(operands, among: Self.rows) { (reference) throws(ShmError) in
      switch reference.text {
      case "pid:5:6": return RegionIdentity(device: 1, inode: 2)
      case "/etc/passwd": return RegionIdentity(device: 9, inode: 9)
      default: throw ShmError(.notFound, "", "")
      }
    }
    return (choice.rows.map(\.identity.inode), choice.failures.map(\.error.kind))
  }

  @Test(
    "operands select rows by name, pattern or region, each once, in the order of the list",
    arguments: [
      ([], [1, 2, 3, 4, 5, 6, 6, 7, 8, 9, 10]), (["twice"], [8]), (["both"], [9, 10]),
      (["twic?"], [7, 8]), (["pid:1:2", "twice"], [7, 8]), (["jack-*"], [1, 2]), (["/jack-?"], [1]),
      (["jack-[!1]"], [2]),
      (["a*b"], [3]), (["a?b"], [3, 4]), (["[a]*b"], [3, 4]), (["a\\*b"], [3]),
      (["pid:5:6", "jack-1", "jack-1"], [1, 2]), (["sysv:7"], [5]),
      (["*"], [1, 2, 3, 4, 5, 6, 6, 7, 8, 9, 10]),
      (["/mnt/*/?"], [6, 6]), (["none-*"], []), (["bytes:jack-%31"], [1]), (["file:jack"], []),
    ] as [([String], [UInt64])])
  func choice(_ words: [String], _ inodes: [UInt64]) throws {
    #expect(try choose(words).0 == inodes)
  }

  @Test("an operand without a region is an error, a pattern without a region is not")
  func absent() throws {
    for (words, inodes, kinds) in [
      (["none", "jack-1", "x-*"], [1], [.notFound]), (["sysv:8"], [], [.notFound]),
      (["stream:x"], [], [.notFound]), (["/etc/passwd"], [], [.notSharedMemory]),
      (["pid:x", "a*b"], [3], [.usage]),
      // Encoded text is a name in any case.
      (["bytes:jack-*"], [], [.notFound]),
    ] as [([String], [UInt64], [ShmError.Kind])] {
      let choice = try choose(words)
      #expect(choice.0 == inodes && choice.1 == kinds, "\(words)")
    }
  }

  @Test(
    "lists of columns are parsed",
    arguments: [
      ("name", "name"), ("name, size ,kind", "name size kind"), ("NAME,Size", "name size"),
      ("size,name,size", "size name"),
      ("+inode", "kind name size allocated swapped wired owner age users inode"),
      (" +name,inode, mode", "kind name size allocated swapped wired owner age users inode mode"),
    ])
  func columns(_ text: String, _ names: String) throws {
    #expect(try ColumnList.parse(text).names.joined(separator: " ") == names)
  }

  @Test("all columns can be selected, also with other columns")
  func all() throws {
    let names = ListReport.columns.map(\.name)
    #expect(try ColumnList.parse("all").names == names)
    #expect(try ColumnList.parse("+ALL").names.count == names.count)
    #expect(try ColumnList.parse("inode,all").names.first == "inode")
    #expect(try Set(ColumnList.parse("inode,all").names) == Set(names))
  }

  @Test(
    "orders are parsed",
    arguments: [
      ("size", [("size", false)]), ("-size", [("size", true)]),
      ("kind, -Size,name", [("kind", false), ("size", true), ("name", false)]),
    ] as [(String, [(String, Bool)])])
  func order(_ text: String, _ keys: [(String, Bool)]) throws {
    let parsed = try ColumnOrder.parse(text)
    #expect(parsed.keys.map(\.name) == keys.map(\.0))
    #expect(parsed.keys.map(\.isReversed) == keys.map(\.1))
  }

  @Test(
    "a wrong column gets a suggestion",
    arguments: [
      ("sise", "size"), ("nmae", "name"), ("alloc", "allocated"), ("rss", "resident"),
      ("pid", "users"), ("locked", "wired"), ("inodes", "inode"), ("reverence", "reference"),
      ("s", nil), ("zzzzzz", nil), ("", nil),
    ])
  func nearest(_ word: String, _ column: String?) {
    #expect(ListColumn.nearest(word) == (column.map { [$0] } ?? []))
  }

  @Test("kinds and processes are parsed")
  func lists() {
    #expect(KindList(argument: "posix, MEMFD")?.kinds.map(\.rawValue) == ["posix", "memfd"])
    #expect(KindList(argument: "stream")?.kinds == [.stream])
    #expect(ProcessList(argument: "1, 22 ,333")?.processes == [1, 22, 333])
    for bad in ["", ",", "posix,,memfd", "posix;memfd", "1,-2", "+1", "0", "2147483648", "1 2"] {
      #expect(KindList(argument: bad) == nil)
      #expect(ProcessList(argument: bad) == nil)
    }
  }

  @Test(
    "fields for scripts are escaped",
    arguments: [
      ("cache", "cache"), ("", "-"), ("-", "\\x2d"), ("-a", "-a"), ("a b", "a\\x20b"),
      ("a\tb\n", "a\\x09b\\x0a"), ("\\x41", "\\x5cx41"), ("é\u{202E}", "é\\xe2\\x80\\xae"),
      ("\u{A0}", "\\xc2\\xa0"),
    ])
  func fields(_ text: String, _ field: String) {
    #expect(RawField(text).text == field)
    #expect(RawTable.text([[RawField(text), .missing], [.unknown]]) == "\(field)\t-\nunknown\n")
  }

  @Test("a reference in a field is accepted as it is printed")
  func references() throws {
    let names =
      ["cache", "a b", "a\tb", "a\nb", "back\\slash", "bytes:x", "-x", "\u{202E}", "pid:1:2"]
      .map { bytes($0) } + [[0xFF, 0x61], [0x20], [0x2D]]
    for name in names {
      let reference = RegionReference.posix(try RegionName(bytes: name))
      let field = RawField(reference: RawText(reference)).text
      #expect(try RegionReference(bytes: bytes(field)) == reference)
      #expect(!field.contains { " \t\n\\".contains($0) }, "\(field)")
    }
    #expect(RawField(reference: nil) == .missing)
  }
}
