import ShmCore
import ShmTestSupport
import Testing

@Suite("Messages about a lack of space", .serialized)
struct SpaceSentenceTests {
  @Test(
    "the message agrees with its figures, for each command that reserves and each errno",
    .enabled(
      if: TestEnvironment.mayTrace && TestEnvironment.mayMount,
      "needs root, the right to mount, and strace"), arguments: ["ENOSPC", "ENOMEM", "EDQUOT"])
  func injected(_ error: String) async throws {
    try await Python.test(named: TestName(), error)
  }

  @Test(
    "the message names the exhausted limit, and its remedy works as printed",
    .enabled(if: TestEnvironment.mayMount, "needs root and the right to mount"))
  func real() async throws {
    try await Python.test(named: TestName())
  }

  @Test(
    "the message names the commit limit if it is the cause",
    .enabled(if: TestEnvironment.mayTrace && TestEnvironment.mayMount, "needs root and strace"))
  func commitLimit() async throws {
    // The setting belongs to the machine, so the tool gets other files in place of the kernel's.
    try await Python.test(named: TestName())
  }
}
