import ShmTestSupport
import Testing

@Suite("notices of waits on a terminal")
struct WaitNoticeTests {
  @Test("send, recv and wait report after a delay on a terminal what they wait for")
  func notices() async throws {
    try await withName { (name) async throws in try await Python.test(named: name) }
  }

  @Test("wait names its condition")
  func waitConditions() async throws {
    try await withName { (name) async throws in try await Python.test(named: name) }
  }

  @Test("write reports that it reads a terminal")
  func input() async throws {
    try await withName { (name) async throws in try await Python.test(named: name) }
  }

  @Test("on a terminal every command that reads stdin reports it")
  func everyInput() async throws {
    try await withName { (name) async throws in try await Python.test(named: name) }
  }
}
