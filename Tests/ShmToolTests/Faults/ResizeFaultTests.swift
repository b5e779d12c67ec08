import ShmTestSupport
import Testing

@Suite("resize during changes by other processes")
struct ResizeFaultTests {
  @Test("concurrent resizes run one after the other, and lose no bytes")
  func several() async throws {
    try await withRegion("1M") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("a process that inspects a region does not prevent that it becomes smaller or is removed")
  func inspected() async throws {
    try await withRegion("1M") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "a process that finds the control groups of pages does not prevent that the region becomes smaller or is removed",
    .enabled(if: TestEnvironment.isRoot, "needs root"))
  func inspectedByRoot() async throws {
    try await withRegion("1M") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "a process that inspects a region during its removal does not prevent the removal",
    .enabled(if: TestEnvironment.mayTrace, "needs root and strace"))
  func inspectedLate() async throws {
    try await withRegion("1M") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "a process that opens a region while it becomes smaller loses no page",
    .enabled(if: TestEnvironment.mayTrace, "needs root and strace"))
  func openedMeanwhile() async throws {
    try await withRegion("1M") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("the owner of a read-only region cannot make it smaller, and gets the reason")
  func readOnly() async throws {
    try await withRegion("1M") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("remove --unused does not wait for each of many regions in use")
  func manyUsed() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "a failed resize keeps the bytes that other processes have written meanwhile",
    .enabled(if: TestEnvironment.mayTrace, "needs root and strace"))
  func bytes() async throws {
    try await withRegion("4M") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("an interrupted resize frees its memory, and after SIGKILL the next resize does")
  func ended() async throws {
    try await withRegion("1M") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("growing adds zeros, also if the last page had other bytes after the end")
  func tail() async throws {
    try await withRegion("100") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("a region that has grown and got users since the check is not shrunk")
  func grown() async throws {
    try await withRegion("1M") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("a resize to the present size frees memory after the end, also of a sparse region")
  func memoryAfterEnd() async throws {
    try await withRegion("2M", ["--sparse"]) { (name) async throws in
      try await Python.test(named: name)
    }
  }
}
