import ShmTestSupport
import Testing

@Suite("tables and progress on terminals of 40, 80 and 120 columns")
struct TableWidthTests {
  @Test("list shortens names and omits columns to fit the terminal, unless --no-truncate is given")
  func list() async throws {
    try await withName { (name) async throws in try await Python.test(named: name) }
  }

  @Test("inspect and limits continue long values on the next line")
  func properties() async throws {
    try await withName { (name) async throws in try await Python.test(named: name) }
  }

  @Test("wire --list fits the terminal")
  func holders() async throws {
    try await withName { (name) async throws in try await Python.test(named: name) }
  }

  @Test("the progress is one line, narrower than the terminal")
  func progress() async throws {
    try await withName { (name) async throws in try await Python.test(named: name) }
  }

  @Test("a terminal without escape sequences gets plain text")
  func plain() async throws {
    try await withName { (name) async throws in try await Python.test(named: name) }
  }
}
