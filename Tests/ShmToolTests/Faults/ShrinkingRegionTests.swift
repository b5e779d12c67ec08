import ShmTestSupport
import Testing

@Suite("a region that others change meanwhile", .serialized)
struct ShrinkingRegionTests {
  @Test(
    "ends no command by a signal: it is done, or told as made smaller",
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

  @Test("ends a fill or a write that it was shrunk under, and stays as small as it was made")
  func stays() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("keeps its old pages for who holds it mapped or wired, removed, replaced or punched")
  func replaced() async throws {
    try await withRegion { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("stays with --unused while anybody uses it, and while one replaces it", arguments: [1, 4])
  func unused(_ users: Int) async throws {
    try await withRegion { (name) async throws in
      try await Python.test(named: name, "\(users)")
    }
  }
}
