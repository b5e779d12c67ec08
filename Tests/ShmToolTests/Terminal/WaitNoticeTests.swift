import ShmTestSupport
import Testing

@Suite("notices of waits on a terminal")
struct WaitNoticeTests {
  @Test("send, recv and wait say what they wait for, only on a terminal and after a moment")
  func notices() async throws {
    try await withName { (name) async throws in try await Python.test(named: name) }
  }

  @Test("wait names its condition")
  func waitConditions() async throws {
    try await withName { (name) async throws in try await Python.test(named: name) }
  }

  @Test("write says that it reads a terminal")
  func input() async throws {
    try await withName { (name) async throws in try await Python.test(named: name) }
  }

  @Test("every command that reads stdin says so on a terminal")
  func everyInput() async throws {
    try await withName { (name) async throws in try await Python.test(named: name) }
  }
}
