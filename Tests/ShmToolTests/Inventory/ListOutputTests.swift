import ShmTestSupport
import Testing

@Suite("list: columns, rows and forms")
struct ListOutputTests {
  @Test("raw rows contain any name, and a shell can pass their references to commands")
  func hostile() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("raw fields have the values of JSON, in bytes, without headings")
  func raw() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("names, patterns, references and paths choose regions; an absent name is an error")
  func operands() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("several kinds and processes can be combined")
  func filters() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("columns can be added or all selected, and each is shown once")
  func columns() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("rows are sorted by several columns, and in reverse")
  func order() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("--output selects the keys of each region in JSON")
  func members() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("wire --list and inspect --pages also print raw rows")
  func others() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "options of tables are refused with a format that has no table",
    arguments: [
      "wire NAME -r -- true", "wire NAME -n -- true", "wire NAME -b -- true",
      "wire --list -r --json", "inspect NAME -r", "inspect NAME --pages -r --json",
      "inspect NAME --pages -r --watch", "inspect 1@0x1000 --pages -r", "list -r --json",
    ])
  func refused(_ words: String) async throws {
    try await withRegion { (name) async throws in
      let line = words.replacing("NAME", with: name.name)
      let result = try await Tool.shell("\"$SHMTOOL\" \(line)")
      #expect(result.code == 64 && result.output.isEmpty, "\(result.error)")
    }
  }
}
