import ShmTestSupport
import Testing

/// In a /dev/shm of their own: what others have left there is not a test's to remove.
@Suite(
  "remove --stale",
  .enabled(if: TestEnvironment.mayMount, "needs the right to mount"))
struct StaleTests {
  @Test("lists regions proven to be unused, and removes them with --yes; used regions are kept")
  func removes() async throws {
    try await Python.test(alone: true)
  }

  @Test("System V segments are removed by their identifier, and only by their owner")
  func segments() async throws {
    try await Python.test(alone: true)
  }

  @Test("unused semaphores are shown and kept")
  func semaphores() async throws {
    try await Python.test(alone: true)
  }

  @Test("files in folders are listed and judged; empty folders go with their last file")
  func folders() async throws {
    try await Python.test(alone: true)
  }

  @Test("leaves with --older-than what is younger")
  func age() async throws {
    try await Python.test(alone: true)
  }

  @Test("takes names that are not UTF-8, and says them escaped")
  func foreignNames() async throws {
    try await Python.test(alone: true)
  }

  @Test("clears the stream of a sender that was killed, and leaves one that waits")
  func streams() async throws {
    try await Python.test(alone: true)
  }

  @Test("names the stream of another user that was killed, and leaves it to that one")
  func foreignStreams() async throws {
    try await Python.test(alone: true)
  }

  @Test("removes as an ordinary user what is the user's own, and says unknown of the rest")
  func ordinaryUser() async throws {
    try await Python.test(alone: true)
  }

  @Test("reports unknown if a container hides processes, and removes nothing")
  func container() async throws {
    try await Python.test(alone: true)
  }

  @Test("never removes a region in use, also if processes start meanwhile")
  func race() async throws {
    try await Python.test(alone: true)
  }

  @Test(
    "goes with the options that it goes with",
    arguments: [
      ["--stale", "x"], ["--stale", "--unused"], ["--yes", "x"], ["--older-than", "1s", "x"],
      ["--stale", "--older-than", "x"],
    ])
  func usage(_ options: [String]) async throws {
    let result = try await Tool.run(Tool.path, ["remove"] + options)
    #expect(result.code == 64)
    #expect(result.output.isEmpty)
  }
}
