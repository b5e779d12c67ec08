import Glibc
import ShmTestSupport
import Testing

@Suite("inspect, among other users and during changes", .serialized)
struct InspectSurroundingsTests {
  @Test(
    "for another user's process visible values are shown, and other values are null",
    .enabled(
      if: TestEnvironment.isRoot && TestEnvironment.has("setpriv"),
      "needs root and setpriv, to be another user"))
  func otherUser() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "values are unknown, not 0, if processes are hidden",
    .enabled(if: TestEnvironment.mayMount, "needs the right to mount"))
  func hidden() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "in a user namespace the figures of the host are unknown",
    .enabled(if: TestEnvironment.mayMakeUserNamespaces, "needs user namespaces"))
  func namespace() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("names with control characters are escaped, and exact in JSON")
  func names() async throws {
    try await Python.test()
  }

  @Test("values are plausible while 200 processes per second start, map, unmap and end")
  func changingProcesses() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }
}
