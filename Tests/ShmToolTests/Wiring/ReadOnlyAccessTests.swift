import Glibc
import ShmTestSupport
import Testing

@Suite("regions are opened with the least access")
struct ReadOnlyAccessTests {
  @Test("a running executable can be wired, and a wired executable can run")
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

  @Test("CMD gets read-only descriptors, and of a created region a writable descriptor")
  func descriptors() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "wiring a hole allocates a shared page and locks it",
    .enabled(if: TestEnvironment.maySeeFrames, "needs root with CAP_SYS_ADMIN and kpageflags"))
  func hole() async throws {
    try await withRegion("64K", ["--sparse"]) { (name) async throws in
      try await Python.test(named: name)
    }
  }
}
