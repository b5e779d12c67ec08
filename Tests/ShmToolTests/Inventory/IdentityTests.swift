import ShmTestSupport
import Testing

/// Regions that device and inode, or a path, do not distinguish.
@Suite("identity of regions", .serialized)
struct IdentityTests {
  @Test(
    "a segment is the one of its IPC namespace, whose first number is 0",
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

  @Test("a process whose first thread has ended has what its other threads have")
  func firstThread() async throws {
    try await withName { name in
      try await Python.test(named: name, alone: true)
    }
  }

  @Test(
    "memory of several names is freed once, with the last one",
    .enabled(if: TestEnvironment.mayMount, "needs the right to mount"))
  func links() async throws {
    try await Python.test(alone: true)
  }

  @Test(
    "AGE and --older-than count from when a region was made or last written",
    .enabled(if: TestEnvironment.mayMount, "needs the right to mount"))
  func age() async throws {
    try await Python.test(alone: true)
  }
}
