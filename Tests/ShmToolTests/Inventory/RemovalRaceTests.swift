import ShmTestSupport
import Testing

/// A process that comes exactly between the look of a removal and its unlink: calls of the tool are
/// delayed, and the other process acts while it is in one.
@Suite(
  "removal, with a process that comes meanwhile", .serialized,
  .enabled(if: TestEnvironment.mayMount, "needs the right to mount"),
  .enabled(if: TestEnvironment.mayTrace, "needs root and strace"))
struct RemovalRaceTests {
  @Test(
    "a process that opens the region after the look keeps its name", .timeLimit(.minutes(5)),
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
    "the same holds if the kernel grants no lease and the processes are looked at twice",
    .enabled(if: TestEnvironment.seesEveryProcess, "needs to see every process of the machine"))
  func withoutLease() async throws {
    try await Python.test()
  }

  @Test("a region that is used during the removal is kept, and its new name is reported")
  func nameTaken() async throws {
    try await Python.test(alone: true)
  }
}
