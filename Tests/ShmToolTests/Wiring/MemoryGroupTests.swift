import Glibc
import ShmTestSupport
import Testing

@Suite(
  "wire and limits in a memory cgroup", .serialized,
  .enabled(if: TestEnvironment.mayMakeMemoryGroups, "needs root and a memory cgroup"))
struct MemoryGroupTests {
  @Test("refuses beforehand what the group has no room for, with figures, and brings nothing in")
  func refused() async throws {
    try await withRegion("48M", ["--sparse"]) { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("keeps the part that a control group has room for with --best-effort")
  func bestEffort() async throws {
    try await withRegion("48M", ["--sparse"]) { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("says what half of the room is, and counts what is charged already as there")
  func reserved() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("is killed, as it said, where it is forced past the group's limit; nothing stays wired")
  func forced() async throws {
    try await withRegion("48M", ["--sparse"]) { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("shows the group in limits, and names it where it binds")
  func limits() async throws {
    try await Python.test()
  }

  @Test("says how the limit is raised where the process runs")
  func circumstances() async throws {
    try await Python.test()
  }
}
