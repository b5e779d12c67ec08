import ShmTestSupport
import Testing

@Suite(
  "create that is killed", .serialized,
  .enabled(if: TestEnvironment.mayTrace, "needs root and strace"))
struct KilledCreationTests {
  @Test(
    "SIGKILL at any system call leaves no name or a complete region",
    .enabled(if: TestEnvironment.mayMount, "needs the right to mount"),
    arguments: [["64K"], ["--from", "-"], ["64K", "--from", "-", "--mode", "640"]])
  func everywhere(_ words: [String]) async throws {
    try await Python.test(named: TestName(), arguments: words)
  }

  @Test(
    "if linking is refused, SIGKILL leaves at most an object that no user can open",
    .enabled(if: TestEnvironment.mayMount, "needs the right to mount"))
  func fallback() async throws {
    try await Python.test(named: TestName())
  }
}
