import Glibc
import ShmTestSupport
import Testing

@Suite("regions are opened with the least access")
struct ReadOnlyAccessTests {
  @Test("wires an executable that runs, and runs an executable that is wired")
  func executable() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("commands that only read are not visible as writers to a file watcher")
  func watched() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("CMD gets descriptors for reading, and a created region's for writing as well")
  func descriptors() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "a hole becomes a page that others share, and is locked in its frame",
    .enabled(if: TestEnvironment.maySeeFrames, "needs root with CAP_SYS_ADMIN and kpageflags"))
  func hole() async throws {
    try await withRegion("64K", ["--sparse"]) { (name) async throws in
      try await Python.test(named: name)
    }
  }
}
