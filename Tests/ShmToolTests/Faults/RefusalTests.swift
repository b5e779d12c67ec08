import ShmCore
import ShmTestSupport
import Testing

@Suite(
  "a refusal", .serialized,
  .enabled(if: TestEnvironment.mayMount, "needs root and the right to mount"))
struct RefusalTests {
  @Test(
    "names an attribute only if the file or its directory has it",
    .enabled(if: TestEnvironment.has("chattr"), "needs chattr"))
  func attributes() async throws {
    try await Python.test(named: TestName())
  }

  @Test(
    "of another user says what does not allow it: the mode, the sticky directory, the way there",
    .enabled(if: TestEnvironment.has("setpriv"), "needs setpriv"))
  func otherUsers() async throws {
    try await Python.test(named: TestName())
  }

  @Test("names the mount on a file, a read-only mount, and says so if no cause can be seen")
  func mounts() async throws {
    try await Python.test(named: TestName())
  }

  @Test("of a user that this user namespace does not know says that")
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
