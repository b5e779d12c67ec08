import ShmTestSupport
import Testing

/// Removal goes by a rename, which directories and file systems allow or refuse in ways of their own.
@Suite(
  "removal, by place", .serialized,
  .enabled(if: TestEnvironment.mayMount, "needs the right to mount"))
struct RemovalPlaceTests {
  @Test("works on a hugetlbfs, also after a removal that was killed")
  func hugetlbfs() async throws {
    try await Python.test(alone: true)
  }

  @Test("follows the rules of another user's sticky directory")
  func sticky() async throws {
    try await Python.test(alone: true)
  }

  @Test("leaves a name on a read-only mount, and says that it is one")
  func readOnly() async throws {
    try await Python.test(alone: true)
  }

  @Test("removes nothing whose users hidepid hides", arguments: ["1", "2", "4"])
  func hidepid(_ level: String) async throws {
    try await Python.test(level, alone: true)
  }
}
