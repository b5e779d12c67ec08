import ShmTestSupport
import Testing

/// Removal goes by a rename, which directories and file systems allow or refuse in ways of their own.
@Suite(
  "removal, by place", .serialized,
  .enabled(if: TestEnvironment.mayMount, "needs the right to mount"))
struct RemovalPlaceTests {
  @Test("removal works on a hugetlbfs, also after a killed removal")
  func hugetlbfs() async throws {
    try await Python.test(alone: true)
  }

  @Test("removal follows the rules of another user's sticky directory")
  func sticky() async throws {
    try await Python.test(alone: true)
  }

  @Test("removal on a read-only mount fails with that reason")
  func readOnly() async throws {
    try await Python.test(alone: true)
  }

  @Test("a region whose users are hidden by hidepid is not removed", arguments: ["1", "2", "4"])
  func hidepid(_ level: String) async throws {
    try await Python.test(level, alone: true)
  }
}
