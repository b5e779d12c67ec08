import ShmCore
import ShmTestSupport
import Testing

@Suite("limits, the room for a region", .serialized)
struct LimitsRoomTests {
  @Test("answers by the exit status, prints nothing with --quiet, and says what bounds it in JSON")
  func answers() async throws {
    try await Python.test()
  }

  @Test(
    "refuses what makes no sense",
    arguments: [
      ["--room", "0"], ["--room", "-1"], ["--room", "x"], ["--huge=try"], ["--quiet", "--json"],
    ])
  func usage(_ words: [String]) async throws {
    let result = try await Tool.run(Tool.path, ["limits"] + words)
    #expect(result.code == 64 && result.output.isEmpty)
  }

  @Test(
    "has the words and the figures of create, wherever the region is to lie",
    .enabled(if: TestEnvironment.mayMount, "needs root and the right to mount"))
  func sameAnswer() async throws {
    try await Python.test(named: TestName())
  }

  @Test(
    "is that of the control group, and of the groups above it",
    .enabled(if: TestEnvironment.mayMakeMemoryGroups, "needs root and a memory cgroup"),
    .enabled(if: !TestEnvironment.hasSwap, "with swap a group has more room than its memory"))
  func group() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "of version 2 is bounded by memory.max, memory.high and memory.swap.max",
    .enabled(if: TestEnvironment.mayMount, "needs root and the right to mount"))
  func unified() async throws {
    // The kernel of the tests may have the memory in version 1: files of the test's own stand in.
    try await Python.test()
  }

  @Test(
    "for huge pages is bounded by the pool and by the control groups of huge pages",
    .enabled(if: TestEnvironment.mayMount, "needs the right to mount"),
    .enabled(if: (HugePagePool.pool(ofPageSize: 2 << 20)?.available ?? 0) >= 4, "needs huge pages"))
  func hugePages() async throws {
    try await Python.test(named: TestName())
  }
}
