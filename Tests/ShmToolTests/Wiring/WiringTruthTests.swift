import Glibc
import ShmTestSupport
import Testing

@Suite("wire, checked against the kernel's own figures")
struct WiringTruthTests {
  @Test(
    "smaps shows exactly the reported pages as locked",
    arguments: [("0:", 0, 1024), ("1M:2M", 256, 256), ("4095+2", 0, 2)])
  func smaps(_ range: String, _ first: Int, _ count: Int) async throws {
    try await withRegion("4M", ["--sparse"]) { (name) async throws in
      try await Python.test(named: name, range, "\(first)", "\(count)")
    }
  }

  @Test(
    "kpageflags shows exactly these page frames as locked",
    .enabled(if: TestEnvironment.maySeeFrames, "needs root with CAP_SYS_ADMIN and kpageflags"))
  func frames() async throws {
    try await withRegion("256K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("pages of two holders stay wired if one ends, and each holder is counted")
  func two() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("a read-only region, and a memfd of a process, can be wired")
  func others() async throws {
    try await withRegion("64K", ["--mode", "444"]) { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "pages that mlock accepted and are not resident are not reported as wired",
    .enabled(if: TestEnvironment.mayTrace, "needs root and strace"))
  func notResident() async throws {
    try await withRegion("64K", ["--sparse"]) { (name) async throws in
      try await Python.test(named: name)
    }
  }
}
