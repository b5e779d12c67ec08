import ShmTestSupport
import Testing

/// Regions on mounts that are hidden, gone, or another namespace's.
@Suite("identity of regions on mounts", .serialized)
struct MountIdentityTests {
  @Test(
    "a region in use on an unmounted tmpfs is listed and counted",
    .enabled(if: TestEnvironment.mayMount, "needs the right to mount"),
    arguments: ["mapped", "open"])
  func unmounted(_ way: String) async throws {
    try await Python.test(way, alone: true)
  }

  @Test(
    "a region on a mount below another mount is reported as hidden, not as deleted",
    .enabled(if: TestEnvironment.mayMount, "needs the right to mount"))
  func hidden() async throws {
    try await Python.test(alone: true)
  }

  @Test(
    "a region in a container is reported with its mount and the limit of the mount",
    .enabled(if: TestEnvironment.mayMount, "needs the right to mount"))
  func container() async throws {
    try await Python.test(alone: true)
  }

  @Test(
    "of two mounts of a file system the mount of the given path is reported",
    .enabled(if: TestEnvironment.mayMount, "needs the right to mount"))
  func bound() async throws {
    try await Python.test(alone: true)
  }

  @Test(
    "the memory of an unmounted tmpfs stays in the account",
    .enabled(if: TestEnvironment.mayMount, "needs the right to mount"))
  func accounted() async throws {
    try await Python.test(alone: true)
  }
}
