import ShmTestSupport
import Testing

@Suite("limits and wire, if a limit cannot be read", .serialized)
struct UnknownTests {
  @Test(
    "for another user's process in a user namespace the answer is unknown, with status 2",
    .enabled(if: TestEnvironment.mayMakeUserNamespaces, "needs unshare and user namespaces"),
    .enabled("needs root, setpriv, and a binary others may run") { try await Nobody.isUsable() })
  func namespace() async throws {
    try await Python.test()
  }

  @Test("a refusal by a system call filter is named, and a higher limit is not advised")
  func filtered() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("the system call filter of another process makes the answer unknown")
  func filteredOther() async throws {
    try await Python.test()
  }
}
