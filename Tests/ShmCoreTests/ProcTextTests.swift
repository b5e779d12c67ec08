import ShmCore
import ShmTestSupport
import Testing

@Suite("Parsers of the text in /proc")
struct ProcTextTests {
  @Test(
    "values in kB become bytes, values without a unit stay, and other text is refused",
    arguments: [
      ("8192 kB", 8_388_608), ("0 kB", 0), ("7", 7), ("  7  ", 7), ("\t8 kB", 8192),
      ("9007199254740991 kB", 9_223_372_036_854_774_784), ("9007199254740992 kB", nil),
      ("9223372036854775807", Int.max), ("9223372036854775808", nil),
      ("18446744073709551616", nil), ("-1", nil), ("-1 kB", nil), ("", nil), (" ", nil),
      ("8 MB", nil), ("8 kB kB", nil), ("8kB", nil), ("kB", nil), ("0x10", nil), ("a", nil),
    ] as [(String, Int?)])
  func amounts(_ text: String, _ value: Int?) {
    #expect(ProcText.amount(bytes(text)[...]) == value)
  }

  @Test(
    "hexadecimal numbers up to 2^64 - 1 are parsed",
    arguments: [
      ("0", 0), ("ff", 255), ("FF", 255), ("ffffffffffffffff", UInt64.max),
      ("0000000000000000000000ff", 255), ("10000000000000000", nil), ("", nil), ("fg", nil),
      ("-1", nil), ("0x1", nil), (" 1", nil),
    ] as [(String, UInt64?)])
  func hexadecimal(_ text: String, _ value: UInt64?) {
    #expect(ProcText.hexadecimal(bytes(text)[...]) == value)
  }

  @Test("a field is split at its first colon")
  func field() throws {
    let field = try #require(ProcText.field(bytes("Name: \t a: b")[...]))
    #expect(field.name == "Name")
    #expect(Array(field.value) == bytes("a: b"))
    #expect(ProcText.field(bytes("no colon")[...]) == nil)
    #expect(ProcText.field(bytes(":")[...])?.name.isEmpty == true)
  }

  @Test("empty lines and words are skipped")
  func splitting() {
    #expect(ProcText.lines(bytes("a\n\nb\n")).map { Array($0) } == [bytes("a"), bytes("b")])
    #expect(ProcText.words(bytes(" a\t b ")[...]).map { Array($0) } == [bytes("a"), bytes("b")])
    #expect(ProcText.lines([]).isEmpty)
  }

  @Test("no bytes make a parser trap, and no result is negative")
  func random() throws {
    var generator = SeededGenerator(seed: 0x9A0C)
    let sample = bytes("MemTotal:   16384 kB\nHugePages_Total: 12\n")
    var numbers = 0
    for _ in 0..<20_000 {
      for line in ProcText.lines(generator.input(like: sample)) {
        guard let field = ProcText.field(line), let value = ProcText.amount(field.value) else {
          continue
        }
        numbers += 1
        try #require(value >= 0)
      }
    }
    #expect(numbers > 5_000)
  }
}
