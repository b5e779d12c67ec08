import ShmTestSupport
import Testing

@Suite("a region that others change meanwhile", .serialized)
struct ShrinkingRegionTests {
  @Test(
    "ends no command by a signal: it succeeds, or reports the smaller region",
    arguments: [
      "fill % --random", "fill % --byte 1 --threads 2", "fill % --file -", "verify % --zero",
      "verify % --file -", "read %", "read % --hex --length 64K", "write %",
      "map % -- true", "map --populate % -- true", "map --private --populate % -- true",
      "wire % -- true", "wire --best-effort % -- true",
      "inspect % --json", "resize % 9M", "create % --open 8M",
    ])
  func mutated(_ words: String) async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name, words)
    }
  }

  @Test("ends a fill or a write, and the region stays as small as it was made")
  func stays() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("processes that map or wire it keep its old pages after removal, replacement or a hole")
  func replaced() async throws {
    try await withRegion { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("--unused keeps it while a process uses it, also during a replacement", arguments: [1, 4])
  func unused(_ users: Int) async throws {
    try await withRegion { (name) async throws in
      try await Python.test(named: name, "\(users)")
    }
  }
}
