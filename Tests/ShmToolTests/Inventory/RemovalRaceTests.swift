import ShmTestSupport
import Testing

/// A process that comes exactly between the look of a removal and its unlink: calls of the tool are
/// delayed, and the other process acts while it is in one.
@Suite(
  "removal, while a process opens the region", .serialized,
  .enabled(if: TestEnvironment.mayMount, "needs the right to mount"),
  .enabled(if: TestEnvironment.mayTrace, "needs root and strace"))
struct RemovalRaceTests {
  @Test(
    "a region that a process opens after the check keeps its name", .timeLimit(.minutes(5)),
    arguments: ["--unused", "--stale"])
  func opensBefore(_ way: String) async throws {
    try await Python.test(way, alone: true)
  }

  @Test(
    "a process that opens the name during the removal does not find it, and can create a new region"
  )
  func opensAfter() async throws {
    try await Python.test(alone: true)
  }

  @Test(
    "a used region is kept also if the kernel grants no lease",
    .enabled(if: TestEnvironment.seesEveryProcess, "needs to see every process of the machine"))
  func withoutLease() async throws {
    try await Python.test()
  }

  @Test("a region in use is kept under another name if a new region took its name")
  func nameTaken() async throws {
    try await Python.test(alone: true)
  }
}
