import Glibc
import ShmTestSupport
import Testing

@Suite(
  "figures about a control group", .serialized,
  .enabled(if: TestEnvironment.mayMakeMemoryGroups, "needs root and a memory cgroup"))
struct GroupFigureTests {
  @Test("page tables of a resident region are counted before they are charged")
  func tables() async throws {
    try await withRegion("2G") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("page tables of many ranges are counted, one table for each")
  func ranges() async throws {
    try await withRegion("4G", ["--sparse"]) { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "the limit that a refusal advises is enough",
    arguments: ["create", "create_wired", "wire", "map", "fill", "need", "room"])
  func advised(_ kind: String) async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name, kind)
    }
  }

  @Test("several commands that create at once are refused, and not killed")
  func atOnce() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("copy does not fill the memory of a process past the limit of its control group")
  func otherProcess() async throws {
    try await withRegion("40M") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("what --best-effort left out names the group, and not the machine's memory")
  func bestEffort() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }
}
