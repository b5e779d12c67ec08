import ShmTestSupport
import Testing

@testable import shmtool

@Suite("The amount that is held")
struct HeldAmountTests {
  @Test("the amount names the held bytes, and the requested bytes if they are more")
  func amounts() {
    #expect(HeldAmount(bytes: 64 << 20, requested: 64 << 20, state: "wired").text == "64 MiB wired")
    #expect(
      HeldAmount(bytes: 8 << 20, requested: 64 << 20, state: "wired").text
        == "8 MiB of 64 MiB wired"
    )
    #expect(HeldAmount(bytes: 0, requested: 4096, state: "wired").text == "0 B of 4 KiB wired")
    // Rounded figures would read the same.
    #expect(
      HeldAmount(bytes: 65532 << 10, requested: 65536 << 10, state: "wired").text
        == "65532 KiB of 64 MiB wired")
    #expect(HeldAmount.mapped(8192).text == "8 KiB mapped")
    #expect(HeldAmount.wired([]).text == "0 B wired")
  }

  @Test("the line about holding says what ends it")
  func lines() {
    let amount = HeldAmount.mapped(4096)
    #expect(amount.line([]) == "holding 4 KiB mapped; Ctrl-C releases\n")
    #expect(amount.line(["for 5 s"]) == "holding 4 KiB mapped for 5 s; Ctrl-C releases earlier\n")
    #expect(
      amount.line(["for 5 s", "while process 7 runs"])
        == "holding 4 KiB mapped for 5 s and while process 7 runs; Ctrl-C releases earlier\n")
  }

  @Test("wire, map and create --wired print on a terminal the amount that the kernel counts")
  func counted() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }
}
