import ShmCore
import ShmTestSupport
import Testing

@Suite("Byte counts as text")
struct ByteCountTests {
  private static let table: [(Int, String)] = [
    (0, "0 B"), (1, "1 B"), (1023, "1023 B"), (1024, "1 KiB"), (1025, "1 KiB"),
    (1075, "1 KiB"), (1076, "1.1 KiB"), (1536, "1.5 KiB"), (4096, "4 KiB"),
    (1024 * 1024 - 1, "1 MiB"), (1024 * 1023, "1023 KiB"), (1_048_524, "1023.9 KiB"),
    (1_048_525, "1 MiB"), (1 << 20, "1 MiB"), (64 << 20, "64 MiB"), (3 << 29, "1.5 GiB"),
    (1 << 40, "1 TiB"), (1 << 50, "1 PiB"), (1 << 60, "1 EiB"), (Int.max, "8 EiB"),
    (-1, "-1 B"), (-1536, "-1.5 KiB"), (Int.min, "-8 EiB"),
  ]

  @Test("a byte count has the largest unit that fits, and one decimal", arguments: table)
  func text(_ bytes: Int, _ shown: String) {
    #expect(ByteCount(bytes).description == shown)
  }

  @Test("the text differs from the value by at most half of its last digit")
  func rounding() throws {
    let factors = ["B": 1.0, "KiB": 0x1p10, "MiB": 0x1p20, "GiB": 0x1p30, "TiB": 0x1p40]
      .merging(["PiB": 0x1p50, "EiB": 0x1p60]) { $1 }
    var generator = SeededGenerator(seed: 0xB17E)
    for _ in 0..<2_000 {
      let value = Int(generator.next() >> (1 + generator.next() % 62))
      let words = ByteCount(value).description.split(separator: " ")
      let factor = try #require(factors[String(words[1])])
      let shown = try #require(Double(String(words[0])))
      #expect(abs(shown - Double(value) / factor) <= 0.0500001, "\(value) is shown as \(words)")
      #expect(shown < 1024)
    }
  }
}
