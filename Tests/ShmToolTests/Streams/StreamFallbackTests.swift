import ShmTestSupport
import Testing

@Suite("Streams without an optional facility", .serialized)
struct StreamFallbackTests {
  /// Elsewhere the C library makes it of clone(2), which threads need as well.
  private static var hasCallOfItsOwn: Bool {
    #if arch(x86_64)
      true
    #else
      false
    #endif
  }

  @Test(
    "without vfork streams meet under any umask, and a command that cannot be started ends both sides",
    .enabled(if: hasCallOfItsOwn, "needs vfork(2) as a system call, as on x86-64"))
  func withoutVfork() async throws {
    let name = TestName()
    try await Python.test(named: name)
    withExtendedLifetime(name) {}
  }

  @Test(
    "without /proc streams meet, directories are repaired, and a failed stream ends CMD",
    .enabled(if: TestEnvironment.mayMount, "needs the right to mount"))
  func withoutProc() async throws {
    let name = TestName()
    try await Python.test(named: name)
    withExtendedLifetime(name) {}
  }
}
