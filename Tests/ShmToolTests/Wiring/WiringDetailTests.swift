import Glibc
import ShmTestSupport
import Testing

@Suite("details of wiring")
struct WiringDetailTests {
  @Test("no command includes its mappings in core dumps")
  func coreDumps() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("overlapping and adjacent ranges are charged once, and each is reported")
  func overlapping() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("each remedy with --best-effort is sufficient for the whole request")
  func remedies() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("an empty region is reported once, and followed when it grows")
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
    "without MADV_POPULATE_READ and MADV_POPULATE_WRITE pages are faulted in by access",
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

  @Test("the time grows in proportion to the number of ranges and regions")
  func cost() async throws {
    try await withRegion("8M") { (name) async throws in
      try await Python.test(named: name)
    }
  }
}
