import Glibc
import ShmTestSupport
import Testing

@Suite("wire, held in the foreground")
struct HoldTests {
  @Test("holds until a signal comes, unwires, and ends by that signal", arguments: [1, 2, 15])
  func signals(_ number: Int) async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name, "\(number)")
    }
  }

  @Test("holds through a signal that its starter ignores")
  func ignored() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("holds for a time")
  func duration() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("holds while a process runs, and not at all if it has ended already")
  func whileProcess() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("notifies a script and a service manager when it is ready, and not before")
  func readiness() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "wires ranges, in whole pages, and says what was covered",
    arguments: [
      ("0:1", 0, 1), ("4095+2", 0, 2), ("4096+4096", 1, 1), ("4096:12289", 1, 3), ("60K:", 15, 1),
    ])
  func range(_ range: String, _ first: Int, _ pages: Int) async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name, range, "\(first)", "\(pages)")
    }
  }

  @Test("takes several ranges of several regions, and offset and length")
  func several() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "refuses ranges that are invalid or empty",
    arguments: [
      "4K:4K", "8K:4K", "0+0", "x", "4K", "-1:5", "+", "9223372036854775807+1",
      "0:9223372036854775808",
    ])
  func badRange(_ range: String) async throws {
    try await refuses(range, 64)
  }

  @Test(
    "refuses ranges outside the region",
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
    "stops a large wiring at once by Ctrl-C, with nothing kept",
    .enabled(if: TestEnvironment.isRoot, "needs root: past the memlock limit"), arguments: [2, 15])
  func interrupted(_ number: Int) async throws {
    try await withRegion("2G", ["--sparse"]) { (name) async throws in
      try await Python.test(named: name, "\(number)")
    }
  }
}
