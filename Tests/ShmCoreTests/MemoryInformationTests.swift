import ShmCore
import ShmTestSupport
import Testing

@Suite("The figures of /proc/meminfo")
struct MemoryInformationTests {
  private static let text = """
    MemTotal:        2048000 kB
    MemFree:          100000 kB
    MemAvailable:    1024000 kB
    SwapTotal:             0 kB
    SwapFree:              0 kB
    HugePages_Total:      12
    Hugepagesize:       2048 kB
    """

  @Test("values in kB are converted to bytes, other values are counts")
  func values() {
    let information = MemoryInformation(parsing: bytes(Self.text))
    #expect(information.total == 2_048_000 << 10)
    #expect(information.available == 1_024_000 << 10)
    #expect(information.swapTotal == 0)
    #expect(information.swapFree == 0)
    #expect(information["HugePages_Total"] == 12)
    #expect(information["Hugepagesize"] == 2 << 20)
  }

  @Test("missing or malformed values are unknown, not 0")
  func broken() {
    let text = "MemTotal: lots\nMemAvailable\nSwapTotal: -1 kB\nSwapFree: 99999999999999999999 kB"
    let information = MemoryInformation(parsing: bytes(text))
    #expect(information.total == nil)
    #expect(information.available == nil)
    #expect(information.swapTotal == nil)
    #expect(information.swapFree == nil)
    #expect(information["Mapped"] == nil)
    #expect(MemoryInformation(parsing: []).total == nil)
  }

  @Test("of this machine are plausible")
  func current() throws {
    let information = try #require(MemoryInformation.current())
    let total = try #require(information.total)
    let available = try #require(information.available)
    #expect(total > 64 << 20)
    #expect((1...total).contains(available))
  }

  @Test("no text makes the parser trap")
  func random() throws {
    var generator = SeededGenerator(seed: 0x3E31)
    var known = 0
    for _ in 0..<20_000 {
      let information = MemoryInformation(parsing: generator.input(like: bytes(Self.text)))
      if let total = information.total {
        known += 1
        try #require(total >= 0)
      }
    }
    #expect((1_000..<20_000).contains(known), "known in \(known)")
  }
}
