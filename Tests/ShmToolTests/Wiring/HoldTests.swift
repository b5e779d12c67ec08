import Glibc
import ShmTestSupport
import Testing

@Suite("wire, held in the foreground")
struct HoldTests {
  @Test(
    "wire holds the pages until a signal, unwires them, and ends by that signal",
    arguments: [1, 2, 15])
  func signals(_ number: Int) async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name, "\(number)")
    }
  }

  @Test("a signal that the starter ignores does not end wire")
  func ignored() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("--for ends wire after its duration")
  func duration() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("--while-pid holds while the process runs, and refuses an ended process")
  func whileProcess() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("a script and a service manager are notified when the pages are wired")
  func readiness() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "ranges are wired in whole pages, and reported as wired",
    arguments: [
      ("0:1", 0, 1), ("4095+2", 0, 2), ("4096+4096", 1, 1), ("4096:12289", 1, 3), ("60K:", 15, 1),
    ])
  func range(_ range: String, _ first: Int, _ pages: Int) async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name, range, "\(first)", "\(pages)")
    }
  }

  @Test("several ranges of several regions are wired, also by offset and length")
  func several() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "invalid and empty ranges are refused",
    arguments: [
      "4K:4K", "8K:4K", "0+0", "x", "4K", "-1:5", "+", "9223372036854775807+1",
      "0:9223372036854775808",
    ])
  func badRange(_ range: String) async throws {
    try await refuses(range, 64)
  }

  @Test(
    "ranges outside the region are refused",
    arguments: ["64K:", "0:65537", "64K+1", "1+65536", "1T:2T"])
  func rangeOutside(_ range: String) async throws {
    try await refuses(range, 65)
  }

  private func refuses(_ range: String, _ code: Int32) async throws {
    try await withRegion("64K") { (name) async throws in
      let result = try await Tool.run("wire", name.name, "--range=\(range)", "--for", "0")
      #expect(result.code == code)
      #expect(result.output.isEmpty)
      #expect(result.error.hasPrefix("shmtool: "))
    }
  }

  @Test(
    "refuses options that exclude each other",
    arguments: [
      [], ["--range", "0:1", "--offset", "1"], ["--range", "0:1", "--length", "1"],
      ["--background", "--ready-fd", "1"], ["--list", "--background"], ["--while-pid", "0"],
      ["--while-pid", "-5"], ["--length", "0"], ["--background", "--", "true"],
      ["--for", "1s", "--", "true"], ["--while-pid", "1", "--", "true"], ["--list", "--", "true"],
      ["--"],
    ])
  func usage(_ words: [String]) async throws {
    let operands = words.isEmpty ? [] : [TestName().name]
    let result = try await Tool.run(Tool.path, ["wire"] + operands + words)
    #expect(result.code == 64)
    #expect(result.output.isEmpty)
  }

  @Test(
    "Ctrl-C stops a large wiring at once, and no page stays wired",
    .enabled(if: TestEnvironment.isRoot, "needs root: past the memlock limit"), arguments: [2, 15])
  func interrupted(_ number: Int) async throws {
    try await withRegion("2G", ["--sparse"]) { (name) async throws in
      try await Python.test(named: name, "\(number)")
    }
  }
}
