import ShmTestSupport
import Testing

@testable import ShmCore
@testable import ShmInspection

@Suite("Parsers of page tables, frame flags and smaps")
struct PageParserTests {
  @Test(
    "an entry of pagemap is decoded",
    arguments: [
      (0, false, false, nil), (1 << 63, true, false, nil), (1 << 63 | 1 << 61 | 42, true, true, 42),
      (1 << 63 | 42, true, false, 42), (1 << 62 | 42, false, false, nil),
      (.max, true, true, (1 << 55) - 1),
    ] as [(UInt64, Bool, Bool, UInt64?)])
  func entry(_ bits: UInt64, _ isPresent: Bool, _ isShared: Bool, _ frame: UInt64?) {
    let entry = PagemapEntry(bits)
    #expect(entry.isPresent == isPresent)
    #expect(entry.isShared == isShared)
    #expect(entry.frame == frame)
  }

  @Test("random bits make no parser trap, and each flag has its own bit")
  func bits() {
    var generator = SeededGenerator(seed: 0xF1A6)
    for _ in 0..<10_000 {
      let bits = generator.next()
      let (entry, flags) = (PagemapEntry(bits), FrameFlags(bits))
      #expect(entry.frame.map { $0 < 1 << 55 && entry.isPresent } ?? true)
      #expect(flags.isLocked == (bits & 1 << 33 != 0))
      #expect(flags.isHugetlb == (bits & 1 << 17 != 0))
      #expect(flags.isCompound == (bits & 3 << 15 != 0))
    }
  }

  @Test("the figures of a mapping are parsed from smaps")
  func figures() throws {
    let text = """
      1000-9000 rw-p 00001000 00:1b 7 /dev/shm/a
      Rss:                  24 kB
      Pss:                  10 kB
      Anonymous:             8 kB
      Swap:                  4 kB
      ShmemPmdMapped:     2048 kB
      FilePmdMapped:      2048 kB
      Locked:                5 kB
      VmFlags: rd wr mr lo
      """
    let smaps = try #require(SmapsText.mappings(bytes(text)).first)
    #expect(smaps.swapped == 4096)
    let mapping = RegionMapping(process: 1, map: smaps.map, smaps: smaps)
    #expect(mapping.isLocked == true)
    #expect(
      mapping.figures
        == RegionMapping.Figures(
          resident: 24 << 10, proportional: 10 << 10, wired: 24 << 10, copied: 8 << 10,
          huge: 4 << 20))
    #expect(mapping.address(of: 0x1000) == 0x1000)
    #expect(mapping.address(of: 0x8FFF) == 0x8FFF)
    for offset in [0, 0xFFF, 0x9000, Int.max, -1] { #expect(mapping.address(of: offset) == nil) }
    let hidden = RegionMapping(process: 1, map: smaps.map)
    #expect(hidden.figures == nil && hidden.isLocked == nil)
  }

  @Test("no text makes the parser of smaps trap, and no figure is negative")
  func noise() throws {
    var generator = SeededGenerator(seed: 0x5A9D)
    let text = bytes(
      "1000-9000 rw-p 00001000 00:1b 7 /dev/shm/a\nRss: 24 kB\nPss: 10 kB\nSwap: 4 kB\nVmFlags: lo\n"
    )
    var counted = 0
    for _ in 0..<20_000 {
      for smaps in SmapsText.mappings(generator.input(like: text)) {
        let mapping = RegionMapping(process: 1, map: smaps.map, smaps: smaps)
        let figures = try #require(mapping.figures)
        try #require(figures.resident >= 0 && figures.proportional >= 0 && smaps.swapped >= 0)
        _ = mapping.address(of: Int(truncatingIfNeeded: generator.next()))
        counted += figures.resident > 0 ? 1 : 0
      }
    }
    #expect((1_000..<20_000).contains(counted), "counted \(counted)")
  }
}
