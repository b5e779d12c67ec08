import Glibc
import ShmTestSupport
import Testing

@Suite("wire, without enough room")
struct WiringSpaceTests {
  @Test(
    "holes that exceed the space of the tmpfs are refused before a page is allocated",
    .enabled(if: TestEnvironment.mayMount, "needs root with CAP_SYS_ADMIN to mount"),
    .enabled(if: TestEnvironment.has("unshare"), "needs unshare"))
  func fileSystemFull() async throws {
    try await Python.test()
  }

  @Test("more than the RAM is refused before a page is resident")
  func moreThanMemory() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("a region that shrinks before the wiring is reported to end before the range")
  func shrunk() async throws {
    try await withRegion("4M") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "with --best-effort no page beyond the end of a region that shrank counts as wired",
    .enabled(if: TestEnvironment.mayTrace, "needs root and strace"))
  func bestEffortTruncated() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "a region that shrinks during mlock is reported",
    .enabled(if: TestEnvironment.mayTrace, "needs root and strace"))
  func truncated() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "wire makes huge pages resident, which the kernel never swaps",
    .enabled(if: TestEnvironment.hasHugePages, "needs huge pages: Scripts/test lends some"))
  func hugePages() async throws {
    try await Python.test()
  }
}
