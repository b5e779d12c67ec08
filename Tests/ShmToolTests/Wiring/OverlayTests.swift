import Glibc
import ShmTestSupport
import Testing

@Suite(
  "wire on overlayfs",
  .enabled(
    if: TestEnvironment.maySeeFrames && TestEnvironment.has("unshare"),
    "needs root with CAP_SYS_ADMIN, kpageflags and unshare"))
struct OverlayTests {
  @Test("wire locks the pages of a lower file, without copying it up")
  func lower() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name, alone: true)
    }
  }

  @Test("after the file was copied up, the report names the processes with unwired pages")
  func copiedUp() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name, alone: true)
    }
  }
}
