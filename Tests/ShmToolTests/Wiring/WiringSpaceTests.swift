import Glibc
import ShmTestSupport
import Testing

@Suite("wire, without enough room")
struct WiringSpaceTests {
  @Test(
    "refuses holes that the tmpfs has no room for before it allocates any",
    .enabled(if: TestEnvironment.mayMount, "needs root with CAP_SYS_ADMIN to mount"),
    .enabled(if: TestEnvironment.has("unshare"), "needs unshare"))
  func fileSystemFull() async throws {
    try await Python.test()
  }

  @Test("refuses beforehand what is more than RAM, and brings nothing in")
  func moreThanMemory() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("reports that the region ends before the range if it shrinks meanwhile")
  func shrunk() async throws {
    try await withRegion("4M") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "mlock reports that the region has ended",
    .enabled(if: TestEnvironment.mayTrace, "needs root and strace"))
  func truncated() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "wires huge pages: they are brought in, and cannot be swapped by their nature",
    .enabled(if: TestEnvironment.hasHugePages, "needs huge pages: Scripts/test lends some"))
  func hugePages() async throws {
    try await Python.test()
  }
}
