import ShmTestSupport
import Testing

@Suite("A region that other processes truncate", .serialized)
struct ShrinkingRegionTests {
  @Test(
    "no command ends by a signal: it succeeds, or reports the smaller region",
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

  @Test("truncation ends a fill or a write, and the region is not grown again")
  func stays() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("mapped and wired pages survive removal and replacement of the region, and a new hole")
  func replaced() async throws {
    try await withRegion { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "--unused keeps the region while a process uses it, also during a replacement",
    arguments: [1, 4])
  func unused(_ users: Int) async throws {
    try await withRegion { (name) async throws in
      try await Python.test(named: name, "\(users)")
    }
  }
}
