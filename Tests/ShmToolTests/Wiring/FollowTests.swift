import Glibc
import ShmTestSupport
import Testing

@Suite("wire --follow")
struct FollowTests {
  @Test("notices that the region grew, shrank, went and came back, and wires it again")
  func follows() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("only reports the change without --follow")
  func tells() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("continues with the old pages if it cannot follow, and does not stop the command")
  func cannot() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("keeps its ranges, and reports ranges that the region does not have any more")
  func ranges() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "follows only within the room of the group, says what it does not follow, and keeps the old pages",
    .enabled(if: TestEnvironment.mayMakeMemoryGroups, "needs root and a memory cgroup"))
  func room() async throws {
    try await withRegion("1M") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "does not follow a region of another user, and follows again what is its own",
    .enabled(if: TestEnvironment.isRoot, "needs root"))
  func stranger() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("has what a process has open, and says that it is gone when the process is")
  func memoryFile() async throws {
    try await Python.test()
  }
}
