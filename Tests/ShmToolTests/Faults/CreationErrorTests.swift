import ShmTestSupport
import Testing

@Suite(
  "create, if a system call fails", .serialized,
  .enabled(
    if: TestEnvironment.mayTrace && TestEnvironment.mayMount,
    "needs root, the right to mount, and strace"))
struct CreationErrorTests {
  @Test("each error has its exit status and message, and leaves nothing")
  func errors() async throws {
    try await Python.test(named: TestName())
  }

  @Test("create succeeds after an interruption, and if an optional call fails")
  func survived() async throws {
    try await Python.test(named: TestName())
  }

  @Test("nothing is left if creation under the name fails, too")
  func fallback() async throws {
    try await Python.test(named: TestName())
  }
}
