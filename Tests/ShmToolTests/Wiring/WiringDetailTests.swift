import Glibc
import ShmTestSupport
import Testing

@Suite("details of wiring")
struct WiringDetailTests {
  @Test("no mapping of a region goes into core dumps, whichever command makes it")
  func coreDumps() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("ranges that overlap or meet are charged once, and each is reported")
  func overlapping() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("each remedy with --best-effort allows all that was asked for")
  func remedies() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("says once that a region which it follows is empty, and follows it when it is not")
  func emptied() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("reports secret memory, which other processes cannot open")
  func secretMemory() async throws {
    try await Python.test()
  }

  @Test(
    "brings pages in on a kernel that does not know MADV_POPULATE_READ and MADV_POPULATE_WRITE",
    .enabled(if: TestEnvironment.mayTrace, "needs root and strace"))
  func oldKernel() async throws {
    try await withRegion("3M", ["--sparse"]) { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("limits shows whether compaction may move wired pages")
  func compaction() async throws {
    try await Python.test()
  }

  @Test("takes time in proportion to the number of ranges and of regions")
  func cost() async throws {
    try await withRegion("8M") { (name) async throws in
      try await Python.test(named: name)
    }
  }
}
