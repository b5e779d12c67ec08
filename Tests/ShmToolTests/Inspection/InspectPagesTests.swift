import Glibc
import ShmTestSupport
import Testing

@Suite("inspect, page by page", .serialized)
struct InspectPagesTests {
  @Test(
    "holes, reserved, written and wired pages are distinguished exactly",
    .enabled(if: TestEnvironment.isRoot, "needs root, who may wire without a limit"))
  func exact() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "the physical frames are shown, and the kernel's frame flags confirm the wired pages",
    .enabled(if: TestEnvironment.maySeeFrames, "needs root with CAP_SYS_ADMIN and kpageflags"))
  func frames() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("inspect allocates, faults in and maps no page, and marks no page as accessed")
  func nothingChanges() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "inspect agrees with vmtouch and fincore on written pages, and recognizes reserved pages",
    .enabled(
      if: TestEnvironment.has("vmtouch") && TestEnvironment.has("fincore"),
      "needs vmtouch and fincore"))
  func others() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("inspect of a sparse region of 100 GiB or 64 TiB is quick and needs less than 50 MiB")
  func sparse() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("inspect accepts a region that ends at the largest offset")
  func lastByte() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("copied pages of a private mapping, and the processes that share a page, are counted")
  func copies() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }
}
