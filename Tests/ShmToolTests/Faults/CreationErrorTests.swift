import ShmTestSupport
import Testing

@Suite(
  "create, if a system call fails", .serialized,
  .enabled(
    if: TestEnvironment.mayTrace && TestEnvironment.mayMount,
    "needs root, the right to mount, and strace"))
struct CreationErrorTests {
  @Test("ends with the code and the sentence of each error, and leaves nothing")
  func errors() async throws {
    try await Python.test(named: TestName())
  }

  @Test("continues after an interruption, and without optional calls")
  func survived() async throws {
    try await Python.test(named: TestName())
  }

  @Test("leaves nothing if creation under the name fails, too")
  func fallback() async throws {
    try await Python.test(named: TestName())
  }
}
