import ShmTestSupport
import Testing

@Suite("limits and wire, if what decides cannot be read or is refused", .serialized)
struct UnknownTests {
  @Test(
    "does not know of another user's process in a user namespace, and exits with 2",
    .enabled(if: TestEnvironment.mayMakeUserNamespaces, "needs unshare and user namespaces"),
    .enabled("needs root, setpriv, and a binary others may run") { try await Nobody.isUsable() })
  func namespace() async throws {
    try await Python.test()
  }

  @Test("explains that a system call filter refuses, and that a higher limit does not help")
  func filtered() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("does not know what the filter of another process refuses")
  func filteredOther() async throws {
    try await Python.test()
  }
}
