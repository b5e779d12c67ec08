import Glibc
import ShmTestSupport
import Testing

@Suite("inspect, page by page", .serialized)
struct InspectPagesTests {
  @Test(
    "distinguishes holes, reserved, written and wired pages exactly",
    .enabled(if: TestEnvironment.isRoot, "needs root, who may wire without a limit"))
  func exact() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "shows the physical frames, and the kernel's own flags agree on what is wired",
    .enabled(if: TestEnvironment.maySeeFrames, "needs root with CAP_SYS_ADMIN and kpageflags"))
  func frames() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("looks without a change: nothing is allocated, brought in, mapped or marked as used")
  func nothingChanges() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "agrees with vmtouch and fincore on what was written, and is right of what is only reserved",
    .enabled(
      if: TestEnvironment.has("vmtouch") && TestEnvironment.has("fincore"),
      "needs vmtouch and fincore"))
  func others() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("takes less than 50 MiB and no time for a sparse region of 100 GiB, and of 64 TiB")
  func sparse() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("accepts a region that ends at the largest offset")
  func lastByte() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("counts the copied pages of a private mapping, and the processes that share a page")
  func copies() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }
}
