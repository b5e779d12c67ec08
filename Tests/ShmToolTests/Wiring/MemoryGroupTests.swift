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

  @Test("with --force the kernel kills it at the group's limit, as announced; no page stays wired")
  func forced() async throws {
    try await withRegion("48M", ["--sparse"]) { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("limits shows the group, and names it if its limit is the lowest")
  func limits() async throws {
    try await Python.test()
  }

  @Test("names how to raise the limit in the environment of the process")
  func circumstances() async throws {
    try await Python.test()
  }
}
