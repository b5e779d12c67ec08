import Glibc
import ShmTestSupport
import Testing

@Suite(
  "figures about a control group", .serialized,
  .enabled(if: TestEnvironment.mayMakeMemoryGroups, "needs root and a memory cgroup"))
struct GroupFigureTests {
  @Test("page tables of a resident region are included before the kernel charges them")
  func tables() async throws {
    try await withRegion("2G") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("page tables of many ranges are included, one table for each range")
  func ranges() async throws {
    try await withRegion("4G", ["--sparse"]) { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "the limit that an error advises is sufficient",
    arguments: ["create", "create_wired", "wire", "map", "fill", "need", "room"])
  func advised(_ kind: String) async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name, kind)
    }
  }

  @Test("several concurrent creations are refused, and not killed")
  func atOnce() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("copy into a process does not exceed the limit of its control group")
  func otherProcess() async throws {
    try await withRegion("40M") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("for pages left unwired --best-effort names the group, not the machine's memory")
  func bestEffort() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }
}
