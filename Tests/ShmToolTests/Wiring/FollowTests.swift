import Glibc
import ShmTestSupport
import Testing

@Suite("wire --follow")
struct FollowTests {
  @Test("a region that is resized, removed or created again is wired again")
  func follows() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("without --follow a change is only reported")
  func reportsOnly() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("if the new region cannot be wired, the old pages stay wired and CMD continues")
  func cannotFollow() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("the ranges stay the same, and ranges past a new end are reported")
  func ranges() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "growth past the limit of the control group is reported, and the old pages stay wired",
    .enabled(if: TestEnvironment.mayMakeMemoryGroups, "needs root and a memory cgroup"))
  func room() async throws {
    try await withRegion("1M") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "a new region of another user is not followed, and a later own region is",
    .enabled(if: TestEnvironment.isRoot, "needs root"))
  func otherUser() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("a memfd of a process stays wired after the process has ended, and this is reported")
  func memoryFile() async throws {
    try await Python.test()
  }
}
