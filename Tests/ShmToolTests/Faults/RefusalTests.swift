import ShmCore
import ShmTestSupport
import Testing

@Suite(
  "Reasons of a refused operation", .serialized,
  .enabled(if: TestEnvironment.mayMount, "needs root and the right to mount"))
struct RefusalTests {
  @Test(
    "an attribute is named only if the file or its directory has it",
    .enabled(if: TestEnvironment.has("chattr"), "needs chattr"))
  func attributes() async throws {
    try await Python.test(named: TestName())
  }

  @Test(
    "for another user's file the mode, the sticky directory or the path is named",
    .enabled(if: TestEnvironment.has("setpriv"), "needs setpriv"))
  func otherUsers() async throws {
    try await Python.test(named: TestName())
  }

  @Test("a mount on a file, a read-only mount and an unknown cause are reported")
  func mounts() async throws {
    try await Python.test(named: TestName())
  }

  @Test("a user that the user namespace does not map is reported as such")
  func userNamespace() async throws {
    try await Python.test(named: TestName())
  }
}

@Suite("a tmpfs that is never paged out")
struct NoSwapTests {
  @Test(
    "every command reports it with the same words",
    .enabled(if: TestEnvironment.mayMount, "needs root and the right to mount"))
  func agreement() async throws {
    try await Python.test(named: TestName())
  }
}
