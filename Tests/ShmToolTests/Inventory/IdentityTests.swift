import ShmTestSupport
import Testing

/// Regions that device and inode, or a path, do not distinguish.
@Suite("identity of regions", .serialized)
struct IdentityTests {
  @Test(
    "a segment belongs to its IPC namespace, whose first identifier is 0",
    .enabled(if: TestEnvironment.mayMount, "needs the right to make namespaces"))
  func namespaces() async throws {
    try await Python.test(alone: true)
  }

  @Test(
    "an ordinary user sees the segments of an IPC namespace of the user's own",
    .enabled(if: TestEnvironment.mayMakeUserNamespaces, "needs user namespaces"))
  func userNamespace() async throws {
    try await Python.test(alone: true)
  }

  @Test("the regions of a process are found after its first thread has ended")
  func firstThread() async throws {
    try await withName { name in
      try await Python.test(named: name, alone: true)
    }
  }

  @Test(
    "a region with several names is counted once as freed, with the last name",
    .enabled(if: TestEnvironment.mayMount, "needs the right to mount"))
  func links() async throws {
    try await Python.test(alone: true)
  }

  @Test(
    "AGE and --older-than count from the creation or the last write of a region",
    .enabled(if: TestEnvironment.mayMount, "needs the right to mount"))
  func age() async throws {
    try await Python.test(alone: true)
  }
}
