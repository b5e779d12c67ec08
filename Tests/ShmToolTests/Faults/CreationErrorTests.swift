import ShmTestSupport
import Testing

@Suite(
  "create where a system call fails", .serialized,
  .enabled(
    if: TestEnvironment.mayTrace && TestEnvironment.mayMount,
    "needs root, the right to mount, and strace"))
struct CreationErrorTests {
  @Test("ends with the code and the sentence of each error, and leaves nothing")
  func errors() async throws {
    try await Python.test(named: TestName())
  }

  @Test("goes on after an interruption, and where a call is merely better")
  func survived() async throws {
    try await Python.test(named: TestName())
  }

  @Test("leaves nothing where the other way, under the name, fails")
  func fallback() async throws {
    try await Python.test(named: TestName())
  }
}
