import Glibc
import ShmTestSupport
import Testing

@Suite("inspect, among other users and during changes", .serialized)
struct InspectSurroundingsTests {
  @Test(
    "shows of a stranger's process what may be seen, and says null of the rest",
    .enabled(
      if: TestEnvironment.isRoot && TestEnvironment.has("setpriv"),
      "needs root and setpriv, to be another user"))
  func stranger() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "reports unknown, not zero, if processes are hidden",
    .enabled(if: TestEnvironment.mayMount, "needs the right to mount"))
  func hidden() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "claims nothing about the host from a user namespace",
    .enabled(if: TestEnvironment.mayMakeUserNamespaces, "needs user namespaces"))
  func namespace() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("escapes names that would move a cursor, and keeps JSON exact")
  func names() async throws {
    try await Python.test()
  }

  @Test("finds no nonsense while processes come, map, unmap and end, two hundred a second")
  func turmoil() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }
}
