import ShmCore
import ShmTestSupport
import Testing

@Suite("bench", .serialized)
struct BenchTests {
  @Test("measures every method between processes, or says why it cannot")
  func report() async throws {
    try await Python.test(named: TestName())
  }

  @Test("compares with an earlier run, and writes its figures to files")
  func files() async throws {
    try await Python.test(named: TestName())
  }

  @Test(
    "finds a stream that became slower than in an earlier run",
    .enabled(if: TestEnvironment.mayTrace, "needs root and strace"))
  func slowedRing() async throws {
    try await Python.test(named: TestName())
  }

  @Test(
    "gives each of the two processes a processor",
    .enabled(if: Threads.processors > 1, "needs two processors"))
  func processors() async throws {
    try await Python.test(named: TestName())
  }

  @Test("the comparison of two runs finds pairs of methods in opposite order")
  func orders() async throws {
    try await Python.test(named: TestName())
  }

  @Test("prints tables and verdicts within 80 columns")
  func text() async throws {
    try await Python.test(named: TestName())
  }

  @Test("leaves no process and no name after a signal at any time", arguments: [2, 15, 9])
  func interrupted(_ signal: Int) async throws {
    try await Python.test(named: TestName(), "\(signal)")
  }

  @Test("fails if the other process of a measurement ends")
  func peerEnds() async throws {
    try await Python.test(named: TestName())
  }

  @Test(
    "refuses invalid arguments",
    arguments: [
      ("bench speed", "invalid TEST 'speed': expected transfer, latency, fan-out, memory"),
      ("bench --yes", "--yes requires pressure"),
      ("bench fan-out --yes", "--yes requires pressure"),
      ("bench --csv x --svg x", "--csv and --svg require different files"),
      ("bench --csv x --svg ./x", "--csv and --svg require different files"),
      ("bench --quiet --progress", "cannot be used together"),
      ("bench --peer=pipe-64k:sender:64:1", "is not a part of a measurement"),
      ("bench --peer=nothing:sender:64:1:", "is not a part of a measurement"),
    ])
  func refused(_ line: String, _ message: String) async throws {
    let result = try await Tool.run(Tool.path, line.split(separator: " ").map(String.init))
    #expect(result.code == 64 && result.error.contains(message), "\(result.error)")
    #expect(result.output.isEmpty)
  }

  @Test(
    "pressure needs swap",
    .enabled(if: !TestEnvironment.hasSwap, "needs a machine without swap"),
    .enabled(if: TestEnvironment.isRoot, "needs root"))
  func pressureWithoutSwap() async throws {
    let result = try await Tool.run(Tool.path, ["bench", "pressure", "--yes"])
    #expect(result.code == 79 && result.error.contains("128 MiB of free swap"), "\(result.error)")
  }
}

@Suite(
  "bench pressure of an ordinary user",
  .enabled(if: !TestEnvironment.isRoot, "needs an ordinary user"))
struct BenchOrdinaryTests {
  @Test("is refused, because it needs a control group")
  func refused() async throws {
    let result = try await Tool.run(Tool.path, ["bench", "pressure", "--yes"])
    #expect(result.code == 77 && result.error.contains("only root can create"), "\(result.error)")
  }
}

@Suite(
  "bench pressure, with swap", .serialized,
  .enabled(if: TestEnvironment.hasSwap, "needs swap: Scripts/test sets some up"))
struct BenchSwapTests {
  @Test(
    "starts only after --yes, with a message that says what it uses",
    .enabled(if: TestEnvironment.isRoot, "needs root"))
  func unconfirmed() async throws {
    let result = try await Tool.run(Tool.path, ["bench", "pressure"])
    #expect(result.code == 64 && result.error.contains("give --yes to start it"))
  }

  @Test(
    "measures in a control group of its own, and removes it",
    .enabled(if: TestEnvironment.isRoot, "needs root"))
  func pressure() async throws {
    try await Python.test(named: TestName())
  }
}
