import ShmCore
import ShmTestSupport
import Testing

@Suite("Locks in /proc/PID/smaps")
struct SmapsTextTests {
  private static let text = """
    1000-3000 rw-s 00000000 00:1b 7 /dev/shm/a
    Size:                  8 kB
    Locked:                8 kB
    VmFlags: rd wr sh mr mw me ms lo sd
    3000-4000 rw-s 00002000 00:1b 7 /dev/shm/a
    Size:                  4 kB
    VmFlags: rd wr sh mr mw me ms lo
    4000-5000 rw-s 00003000 00:1b 7 /dev/shm/a
    VmFlags: rd wr sh mr mw me ms
    6000-7000 rw-p 00000000 00:00 0
    VmFlags: rd wr lo
    7000-8000 rw-p 00000000 00:00 0 /x lo
    VmFlags: rd wr local
    """

  @Test(
    "a range is locked if every mapping that covers it is locked",
    arguments: [
      (0x1000..<0x3000, true), (0x1000..<0x4000, true), (0x2000..<0x3001, true),
      (0x2FFF..<0x4000, true), (0x3000..<0x4000, true), (0x1000..<0x4001, false),
      (0x4000..<0x5000, false), (0x3000..<0x5000, false), (0xFFF..<0x2000, false),
      (0x5000..<0x7000, false), (0x6000..<0x7000, true), (0x6000..<0x7001, false),
      (0x7000..<0x8000, false), (0x9000..<0xA000, false), (0..<UInt.max, false),
    ] as [(Range<UInt>, Bool)])
  func coverage(_ range: Range<UInt>, _ covered: Bool) {
    #expect(SmapsText.carriesLock(bytes(Self.text), over: range) == covered)
  }

  @Test(
    "malformed text contains no locked range",
    arguments: [
      "", "VmFlags: lo", "1000-2000\nVmFlags: lo", "2000-1000 rw-p\nVmFlags: lo",
      "1000-2000 rw-p\nVmFlags lo", "x-y rw-p\nVmFlags: lo", "1000-2000 rw-p\n",
    ])
  func broken(_ text: String) {
    #expect(!SmapsText.carriesLock(bytes(text), over: 0x1000..<0x2000))
  }

  @Test("no text makes the parser trap, and random text contains no locked range")
  func random() throws {
    var generator = SeededGenerator(seed: 0x5A95)
    var covered = 0
    for _ in 0..<20_000 {
      let input = generator.input(like: bytes(Self.text))
      if SmapsText.carriesLock(input, over: 0x1000..<0x4000) { covered += 1 }
      try #require(!SmapsText.carriesLock(input, over: 0..<UInt.max))
    }
    #expect((1_000..<20_000).contains(covered), "covered in \(covered)")
  }
}
