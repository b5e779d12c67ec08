import Glibc
import ShmTestSupport
import Testing

@Suite(
  "wire on overlayfs",
  .enabled(
    if: TestEnvironment.maySeeFrames && TestEnvironment.has("unshare"),
    "needs root with CAP_SYS_ADMIN, kpageflags and unshare"))
struct OverlayTests {
  @Test("wires the pages of processes that map a lower file, and copies nothing up")
  func lower() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name, alone: true)
    }
  }

  @Test("says whose pages are not wired after the file was copied up")
  func copiedUp() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name, alone: true)
    }
  }
}
