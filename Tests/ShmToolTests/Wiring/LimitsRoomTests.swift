import ShmCore
import ShmTestSupport
import Testing

@Suite("limits, the room for a region", .serialized)
struct LimitsRoomTests {
  @Test("--room answers by its exit status, silently with --quiet, with the limit in JSON")
  func answers() async throws {
    try await Python.test()
  }

  @Test(
    "--room refuses invalid values and combinations",
    arguments: [
      ["--room", "0"], ["--room", "-1"], ["--room", "x"], ["--huge=try"], ["--quiet", "--json"],
    ])
  func usage(_ words: [String]) async throws {
    let result = try await Tool.run(Tool.path, ["limits"] + words)
    #expect(result.code == 64 && result.output.isEmpty)
  }

  @Test(
    "--room prints the message and figures of create, for any directory",
    .enabled(if: TestEnvironment.mayMount, "needs root and the right to mount"))
  func sameAnswer() async throws {
    try await Python.test(named: TestName())
  }

  @Test(
    "the room is limited by the control group and its ancestors",
    .enabled(if: TestEnvironment.mayMakeMemoryGroups, "needs root and a memory cgroup"),
    .enabled(if: !TestEnvironment.hasSwap, "with swap a group has more room than its memory"))
  func group() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "in version 2 memory.max, memory.high and memory.swap.max limit the room",
    .enabled(if: TestEnvironment.mayMount, "needs root and the right to mount"))
  func unified() async throws {
    // The kernel of the tests may have the memory in version 1: files of the test's own stand in.
    try await Python.test()
  }

  @Test(
    "for huge pages the pool and the hugetlb control groups limit the room",
    .enabled(if: TestEnvironment.mayMount, "needs the right to mount"),
    .enabled(if: (HugePagePool.pool(ofPageSize: 2 << 20)?.available ?? 0) >= 4, "needs huge pages"))
  func hugePages() async throws {
    try await Python.test(named: TestName())
  }
}
