import ShmTestSupport
import Testing

@Suite("names on the command line", .serialized)
struct NameFaultTests {
  @Test("every command refuses an invalid name with 64 and one sentence, before it reads /dev/shm")
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

  @Test("a name can have 255 bytes, spaces, newlines and backslashes, and begin with a dash")
  func accepted() async throws {
    let name = TestName()
    try await Python.test(named: name)
    withExtendedLifetime(name) {}
  }

  @Test("names of other users' regions are printed without raw control characters")
  func foreign() async throws {
    let name = TestName()
    try await Python.test(named: name)
    withExtendedLifetime(name) {}
  }
}
