import Glibc
import ShmTestSupport
import Testing

@Suite("wire, checked against the kernel's own figures")
struct WiringTruthTests {
  @Test(
    "locks exactly the pages that it says, by smaps",
    arguments: [("0:", 0, 1024), ("1M:2M", 256, 256), ("4095+2", 0, 2)])
  func smaps(_ range: String, _ first: Int, _ count: Int) async throws {
    try await withRegion("4M", ["--sparse"]) { (name) async throws in
      try await Python.test(named: name, range, "\(first)", "\(count)")
    }
  }

  @Test(
    "locks exactly those page frames, by kpageflags",
    .enabled(if: TestEnvironment.maySeeFrames, "needs root with CAP_SYS_ADMIN and kpageflags"))
  func frames() async throws {
    try await withRegion("256K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("pages stay wired by one holder if another ends, and each holder is counted")
  func two() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("wires what may only be read, and a memfd through its process")
  func others() async throws {
    try await withRegion("64K", ["--mode", "444"]) { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "does not call wired what mlock accepted and is not resident",
    .enabled(if: TestEnvironment.mayTrace, "needs root and strace"))
  func lie() async throws {
    try await withRegion("64K", ["--sparse"]) { (name) async throws in
      try await Python.test(named: name)
    }
  }
}
