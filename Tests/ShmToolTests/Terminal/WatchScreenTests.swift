import ShmTestSupport
import Testing

@testable import shmtool

@Suite("the screen of inspect --watch")
struct WatchScreenTests {
  @Test("restores the terminal after q, Ctrl-C, signals and errors")
  func ends() async throws {
    try await withName { (name) async throws in try await Python.test(named: name) }
  }

  @Test("keys are read only from the terminal")
  func input() async throws {
    try await withName { (name) async throws in try await Python.test(named: name) }
  }

  @Test("the screen is redrawn when the terminal is resized, and never exceeds its rows")
  func resized() async throws {
    try await withName { (name) async throws in try await Python.test(named: name) }
  }

  @Test("the terminal is restored while the command is stopped")
  func stopped() async throws {
    try await withName { (name) async throws in try await Python.test(named: name) }
  }

  @Test("after SIGSTOP and SIGCONT the screen is drawn again, with the modes that it needs")
  func continued() async throws {
    try await withName { (name) async throws in try await Python.test(named: name) }
  }

  @Test("modes that are set while the command is stopped remain at the end")
  func changedModes() async throws {
    try await withName { (name) async throws in try await Python.test(named: name) }
  }

  @Test("wrapped lines count as several rows", arguments: 1...30)
  func rows(_ limit: Int) {
    let text = "short\n" + String(repeating: "0123456789", count: 10) + "\n\nend\n"
    let rows = Screen.rows(of: text, columns: 20, rows: limit)
    #expect(rows.count == min(limit, 8))
    #expect(rows.allSatisfy { DisplayWidth.of($0) <= 20 })
    #expect((rows.last == "end") == (limit >= 8))
  }
}
