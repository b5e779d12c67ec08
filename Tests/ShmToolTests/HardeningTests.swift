import Glibc
import ShmTestSupport
import SystemPackage
import Testing

/// What a mistake in memory could be used for is limited by how the release is linked and compiled.
@Suite(
  "hardening of the release binary",
  .enabled(if: Tool.isStatic, "needs the release build"),
  .enabled(if: TestEnvironment.has("readelf"), "needs readelf"))
struct HardeningTests {
  private static let hasObjects =
    unsafe access(FilePath(Tool.path).removingLastComponent().string + "/CShm.build", F_OK) == 0

  @Test("has an address that changes from start to start")
  func position() async throws {
    try await Python.test()
  }

  @Test("no memory is writable and executable, and the stack is not executable")
  func segments() async throws {
    try await Python.test()
  }

  @Test("constants and what the loader has relocated are read-only")
  func constants() async throws {
    try await Python.test()
  }

  @Test("names no library, no run path and no interpreter")
  func dependencies() async throws {
    try await Python.test()
  }

  @Test(
    "the C code has stack protection and checked functions",
    .enabled(if: TestEnvironment.has("nm"), "needs nm"),
    .enabled(if: hasObjects, "needs the objects of the build beside the binary"))
  func compiled() async throws {
    try await Python.test()
  }
}
