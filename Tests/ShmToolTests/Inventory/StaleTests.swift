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

  @Test("unused files in folders are removed, and a folder with its last file")
  func folders() async throws {
    try await Python.test(alone: true)
  }

  @Test("--older-than keeps younger regions")
  func age() async throws {
    try await Python.test(alone: true)
  }

  @Test("names that are not UTF-8 are removed, and printed escaped")
  func foreignNames() async throws {
    try await Python.test(alone: true)
  }

  @Test("the stream of a killed sender is removed, and a waiting stream kept")
  func streams() async throws {
    try await Python.test(alone: true)
  }

  @Test("the stream of another user's killed sender is reported and kept")
  func foreignStreams() async throws {
    try await Python.test(alone: true)
  }

  @Test("an ordinary user removes own regions, and other regions are unknown")
  func ordinaryUser() async throws {
    try await Python.test(alone: true)
  }

  @Test("regions are unknown and kept if a container hides processes")
  func container() async throws {
    try await Python.test(alone: true)
  }

  @Test("a region in use is never removed, also if processes start meanwhile")
  func race() async throws {
    try await Python.test(alone: true)
  }

  @Test(
    "--stale refuses options that cannot be combined with it",
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
