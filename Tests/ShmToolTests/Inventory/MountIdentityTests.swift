import ShmTestSupport
import Testing

/// Regions on mounts that are hidden, gone, or another namespace's.
@Suite("identity of regions on mounts", .serialized)
struct MountIdentityTests {
  @Test(
    "a region on a tmpfs that was unmounted while it is in use is listed, and counted",
    .enabled(if: TestEnvironment.mayMount, "needs the right to mount"),
    arguments: ["mapped", "open"])
  func unmounted(_ way: String) async throws {
    try await Python.test(way, alone: true)
  }

  @Test(
    "a region on a mount that another one hides is called hidden, not deleted",
    .enabled(if: TestEnvironment.mayMount, "needs the right to mount"))
  func hidden() async throws {
    try await Python.test(alone: true)
  }

  @Test(
    "the mount of a container is named with its limit",
    .enabled(if: TestEnvironment.mayMount, "needs the right to mount"))
  func container() async throws {
    try await Python.test(alone: true)
  }

  @Test(
    "of two mounts of one file system the one is named that the region was opened through",
    .enabled(if: TestEnvironment.mayMount, "needs the right to mount"))
  func bound() async throws {
    try await Python.test(alone: true)
  }

  @Test(
    "the memory of an unmounted tmpfs stays accounted for",
    .enabled(if: TestEnvironment.mayMount, "needs the right to mount"))
  func accounted() async throws {
    try await Python.test(alone: true)
  }
}
