import ShmTestSupport
import Testing

@Suite("files that commands write", .serialized)
struct OutputFileTests {
  private static let tools = TestEnvironment.has("setfacl") && TestEnvironment.has("setfattr")

  @Test(
    "a replaced file keeps its access list and attributes, and no user gets more rights",
    .enabled(if: tools, "needs setfacl and setfattr"))
  func access() async throws {
    try await withRegion("8K") { name in
      try await Python.test(named: name)
    }
  }

  @Test(
    "a group that cannot be kept loses its rights, and its members get no more as others",
    .enabled(if: TestEnvironment.isRoot && TestEnvironment.has("setpriv"), "needs root and setpriv")
  )
  func foreignGroup() async throws {
    try await withRegion("8K", ["--mode", "644"]) { name in
      try await Python.test(named: name)
    }
  }

  @Test(
    "in sticky directories another user's links and files are neither followed nor replaced",
    .enabled(if: TestEnvironment.isRoot, "needs root"))
  func sticky() async throws {
    try await withRegion("8K") { name in
      try await Python.test(named: name)
    }
  }

  @Test("a descriptor that is named is written at its place, and what is not open is an error")
  func descriptors() async throws {
    try await withRegion("8K") { name in
      try await Python.test(named: name)
    }
  }

  @Test("what a killed process has left beside its target is removed by the next, and nothing else")
  func leftovers() async throws {
    try await withRegion("8K") { name in
      try await Python.test(named: name)
    }
  }

  @Test(
    "a process that is killed at any call leaves the old file or the new, and the next one tidies up",
    .enabled(if: TestEnvironment.mayTrace, "needs root and strace"))
  func killed() async throws {
    try await withRegion("8K") { name in
      try await Python.test(named: name)
    }
  }
}
