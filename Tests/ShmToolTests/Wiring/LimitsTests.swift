import Glibc
import ShmTestSupport
import Testing

@Suite("limits")
struct LimitsTests {
  @Test("shows the values of the kernel's own files")
  func files() async throws {
    try await Python.test()
  }

  @Test("shows each of them as text, in units or in bytes")
  func text() async throws {
    try await Python.test()
  }

  @Test(
    "answers whether so much could be wired, to the page, and wiring agrees",
    arguments: [(1, 1), (4097, 2), (65536, 16)])
  func need(_ size: Int, _ pages: Int) async throws {
    try await withRegion("\(size)") { (name) async throws in
      try await Python.test(named: name, "\(size)", "\(pages)")
    }
  }

  @Test("says what to raise past the hard limit: for what starts the tool, which is not gone")
  func hard() async throws {
    try await Python.test()
  }

  @Test(
    "finds the limit by trying, to the page, without affecting other processes",
    arguments: [0, 4095, 4096, 1_000_000, 8 << 20])
  func probe(_ limit: Int) async throws {
    try await Python.test("\(limit)")
  }

  @Test("the probe takes no page from another process")
  func probeTakesNothing() async throws {
    try await Python.test()
  }

  @Test(
    "has no memlock limit with the capability",
    .enabled(if: TestEnvironment.isRoot, "needs root"))
  func exempt() async throws {
    try await Python.test()
  }

  @Test("shows another process's limits, and what it has wired")
  func other() async throws {
    try await withRegion("16K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "prints null for what another user's process hides, and the rest",
    .enabled("needs a second user: setpriv, and a binary others may run") {
      if TestEnvironment.isRoot { return try await Nobody.isUsable() }
      return true
    })
  func stranger() async throws {
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
    "refuses what makes no sense",
    arguments: [
      ["--pid", "0"], ["--pid", "-1"], ["--pid", "x"], ["--pid", "1", "--probe"], ["--need", "0"],
      ["--need", "-1"], ["--need", "9223372036854775808"], ["x"],
    ])
  func usage(_ words: [String]) async throws {
    let result = try await Tool.run(Tool.path, ["limits"] + words)
    #expect(result.code == 64)
    #expect(result.output.isEmpty)
  }

  @Test("answers --need and --room together, and prints nothing with --quiet")
  func together() async throws {
    try await Python.test()
  }

  @Test("knows no limit that 2^63 - 1 bytes would pass")
  func absurd() async throws {
    let result = try await Tool.run("limits", "--need", "9223372036854775807", "--json")
    #expect(result.code == 1)
    #expect(try JSON(report: result.output).answer.possible == false)
  }
}
