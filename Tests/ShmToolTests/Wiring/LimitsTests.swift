import Glibc
import ShmTestSupport
import Testing

@Suite("limits")
struct LimitsTests {
  @Test("limits shows the values of the kernel's files")
  func files() async throws {
    try await Python.test()
  }

  @Test("limits prints each value as text, in units or bytes")
  func text() async throws {
    try await Python.test()
  }

  @Test(
    "--need is exact to the page, and wire agrees with it",
    arguments: [(1, 1), (4097, 2), (65536, 16)])
  func need(_ size: Int, _ pages: Int) async throws {
    try await withRegion("\(size)") { (name) async throws in
      try await Python.test(named: name, "\(size)", "\(pages)")
    }
  }

  @Test("above the hard limit the hint addresses a running parent process")
  func hard() async throws {
    try await Python.test()
  }

  @Test(
    "--probe finds the limit exactly to the page, without affecting other processes",
    arguments: [0, 4095, 4096, 1_000_000, 8 << 20])
  func probe(_ limit: Int) async throws {
    try await Python.test("\(limit)")
  }

  @Test("--probe evicts no page of another process")
  func probeTakesNothing() async throws {
    try await Python.test()
  }

  @Test(
    "with the capability there is no memlock limit",
    .enabled(if: TestEnvironment.isRoot, "needs root"))
  func exempt() async throws {
    try await Python.test()
  }

  @Test("--pid shows another process's limits and wired bytes")
  func other() async throws {
    try await withRegion("16K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "for another user's process hidden values are null, and other values are shown",
    .enabled("needs a second user: setpriv, and a binary others may run") {
      if TestEnvironment.isRoot { return try await Nobody.isUsable() }
      return true
    })
  func otherUser() async throws {
    let result =
      TestEnvironment.isRoot
      ? try await Nobody.run("limits", "--pid", "1", "--json")
      : try await Tool.run("limits", "--pid", "1", "--json")
    #expect(result.code == 0, "\(result.error)")
    let limits = try await Tool.run("/bin/cat", ["/proc/1/limits"])
    let line = limits.text.split(separator: "\n").first { $0.hasPrefix("Max locked memory") }
    let soft = try #require(line).split(separator: " ")[3]
    let report = try JSON(report: result.output)
    #expect(report.pid == 1)
    #expect(report.has("mappings") && report.mappings == .null)
    #expect(report.has("initial_user_namespace") && report.initial_user_namespace == .null)
    #expect(report.memlock_soft.has("bytes"))
    #expect(report.memlock_soft.bytes.integer == Int(soft))
    #expect(report.memlock_soft.bytes == .null || soft != "unlimited")
  }

  @Test(
    "limits refuses invalid values and combinations",
    arguments: [
      ["--pid", "0"], ["--pid", "-1"], ["--pid", "x"], ["--pid", "1", "--probe"], ["--need", "0"],
      ["--need", "-1"], ["--need", "9223372036854775808"], ["x"],
    ])
  func usage(_ words: [String]) async throws {
    let result = try await Tool.run(Tool.path, ["limits"] + words)
    #expect(result.code == 64)
    #expect(result.output.isEmpty)
  }

  @Test("--need and --room can be combined, and --quiet prints nothing")
  func together() async throws {
    try await Python.test()
  }

  @Test("--need of 2^63 - 1 bytes is refused by every limit")
  func absurd() async throws {
    let result = try await Tool.run("limits", "--need", "9223372036854775807", "--json")
    #expect(result.code == 1)
    #expect(try JSON(report: result.output).answer.possible == false)
  }
}
