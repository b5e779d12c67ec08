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
    "if the group cannot be kept, its members get no more access than before",
    .enabled(if: TestEnvironment.isRoot && TestEnvironment.has("setpriv"), "needs root and setpriv")
  )
  func foreignGroup() async throws {
    try await withRegion("8K", ["--mode", "644"]) { name in
      try await Python.test(named: name)
    }
  }

  @Test(
    "in sticky directories another user's links are not followed, and files not replaced",
    .enabled(if: TestEnvironment.isRoot, "needs root"))
  func sticky() async throws {
    try await withRegion("8K") { name in
      try await Python.test(named: name)
    }
  }

  @Test("/dev/fd/N writes at the descriptor's offset, and a closed descriptor is an error")
  func descriptors() async throws {
    try await withRegion("8K") { name in
      try await Python.test(named: name)
    }
  }

  @Test("the next process removes only the temporary file that a killed process has left")
  func leftovers() async throws {
    try await withRegion("8K") { name in
      try await Python.test(named: name)
    }
  }

  @Test(
    "a process killed at any call leaves the old or new file; the next one cleans up",
    .enabled(if: TestEnvironment.mayTrace, "needs root and strace"))
  func killed() async throws {
    try await withRegion("8K") { name in
      try await Python.test(named: name)
    }
  }
}
