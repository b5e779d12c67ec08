import Glibc
import ShmCore
import ShmTestSupport
import SystemPackage
import Testing

/// Link and compiler options limit how a memory error can be exploited.
@Suite(
  "hardening of the release binary",
  .enabled(if: Tool.isStatic, "needs the release build"),
  .enabled(if: TestEnvironment.has("readelf"), "needs readelf"))
struct HardeningTests {
  private static let hasObjects =
    unsafe access(FilePath(Tool.path).removingLastComponent().string + "/CShm.build", F_OK) == 0

  /// Whether the kernel loads programs at random addresses. personality(2)
  private static let isRandomized: Bool = {
    let setting = try? FileSystem.contents(of: "/proc/sys/kernel/randomize_va_space")
    let own = try? FileSystem.contents(of: "/proc/self/personality")
    let flags = own.flatMap { Int(String(decoding: $0.prefix(8), as: UTF8.self), radix: 16) } ?? 0
    let noRandomization = 0x0040000
    return setting?.first != UInt8(ascii: "0") && flags & noRandomization == 0
  }()

  @Test(
    "has an address that changes from start to start",
    .enabled(if: isRandomized, "needs randomized addresses (kernel.randomize_va_space)"))
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
