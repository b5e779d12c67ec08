import ShmCore
import Testing

@testable import shmtool

@Suite("Remedies in the terms of the command line")
struct RemedyWordsTests {
  @Test(
    "a remedy names an option or a command",
    arguments: [
      (.allowShrinking, "--shrink"), (.leaveHoles, "--sparse"), (.giveLength, "--length"),
      (.usePageCache, "--direct"), (.enlargeRing, "--capacity"), (.listRegions, "'shmtool list'"),
      (.allowProcessMemory, "--cap-add SYS_PTRACE"), (.advice("ask for less"), "ask for less"),
    ] as [(Remedy, String)])
  func words(_ remedy: Remedy, _ part: String) {
    #expect(remedy.words.contains(part))
  }

  @Test("a library's sentence names no option of the command line")
  func library() {
    let remedies: [Remedy] = [
      .allowShrinking, .leaveHoles, .giveLength, .usePageCache, .enlargeRing, .listRegions,
      .allowProcessMemory,
    ]
    for remedy in remedies {
      let error = ShmError(.usage, "cannot try", "a reason", remedy: remedy)
      #expect(!error.description.contains("--") && !error.description.contains("shmtool"))
      #expect(error.description != error.sentence(advising: \.description, wording: \.words))
    }
  }
}
