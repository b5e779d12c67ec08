import ShmTestSupport
import Testing

@Suite("names on the command line", .serialized)
struct NameFaultTests {
  @Test("are refused with 64 and one sentence by every command, before /dev/shm is looked at")
  func refused() async throws {
    try await Python.test(named: TestName(), alone: true)
  }

  @Test(
    "refused names cause no system call with a path",
    .enabled(if: TestEnvironment.mayTrace, "needs root and strace"),
    arguments: ["", "/", ".", "..", "a//b", "../x", "LONG", "bytes:%4"])
  func untouched(_ name: String) async throws {
    try await Python.test(named: TestName("trace"), name)
  }

  @Test("may be 255 bytes long, hold a space, a newline or a backslash, and begin with a dash")
  func accepted() async throws {
    let name = TestName()
    try await Python.test(named: name)
    withExtendedLifetime(name) {}
  }

  @Test("that others have made reach neither a terminal nor JSON as control characters")
  func foreign() async throws {
    let name = TestName()
    try await Python.test(named: name)
    withExtendedLifetime(name) {}
  }
}
