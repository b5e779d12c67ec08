import ShmTestSupport
import Testing

@Suite("verify")
struct VerifyTests {
  @Test(
    "verify succeeds for the contents that fill has written",
    arguments: [
      ["--zero"], ["--byte", "7"], ["--pattern", "abc"], ["--sequence"],
      ["--random", "--seed", "7"],
    ])
  func equal(_ words: [String]) async throws {
    try await withRegion("300001") { (name) async throws in
      try await Tool.run(Tool.path, ["fill", name.name, "-q"] + words)
      let whole = try await Tool.run(Tool.path, ["verify", name.name] + words)
      #expect(whole.code == 0)
      #expect(whole.output.isEmpty)
      #expect(whole.error.hasPrefix("verified 293 KiB of '\(name)': equal to "))
      // A pattern starts with the range; the other contents depend on the offset only.
      let start = words[0] == "--pattern" ? "3" : "4097"
      let part = try await Tool.run(
        Tool.path, ["verify", name.name, "--offset", start, "--length", "262144"] + words)
      #expect(part.code == 0)
    }
  }

  @Test(
    "a difference anywhere exits with 1, and reports the first offset and the count",
    arguments: [0, 4095, 65535])
  func differs(_ offset: Int) async throws {
    try await withRegion { (name) async throws in
      try await Tool.run("fill", name.name, "--byte", "1", "--offset", "\(offset)", "--length", "1")
      let text = try await Tool.run("verify", name.name, "--zero")
      #expect(text.code == 1)
      #expect(text.output.isEmpty)
      #expect(
        text.error
          == "'\(name)' differs from zeros: first at offset \(offset), 1 of 65536 bytes differ\n")
      let json = try await Tool.run("verify", name.name, "--zero", "--json")
      #expect(json.code == 1)
      let line = try #require(json.error.split(separator: "\n").last)
      #expect(try JSON(report: line.utf8).error.code == "check_failed")
      let report = try JSON(report: json.output)
      #expect(report.equal == false && report.first_difference == .integer(offset))
      #expect(report.differing == 1 && report.length == 65536)
      let quiet = try await Tool.run("verify", name.name, "--zero", "--quiet")
      #expect(quiet.code == 1)
      #expect(quiet.error.isEmpty)
      if offset > 0 {
        let before = try await Tool.run("verify", name.name, "--zero", "--length", "\(offset)")
        #expect(before.code == 0)
      }
    }
  }

  @Test("JSON has null if there is no difference")
  func json() async throws {
    try await withRegion { (name) async throws in
      let result = try await Tool.run("verify", name.name, "--zero", "--json")
      #expect(result.code == 0)
      let report = try JSON(report: result.output)
      #expect(report.equal == true && report.has("first_difference"))
      #expect(report.first_difference == .null && report.differing == 0)
    }
  }

  @Test("--file - compares with stdin that is equal, shorter, longer or different")
  func file() async throws {
    try await withRegion("5") { (name) async throws in
      try await Tool.run("write", name.name, input: Array("hello".utf8))
      func verify(_ text: String, _ words: String...) async throws -> Tool.Result {
        try await Tool.run(
          Tool.path, ["verify", name.name, "--file", "-"] + words, input: Array(text.utf8))
      }
      #expect(try await verify("hello").code == 0)
      let shorter = try await verify("hell")
      #expect(shorter.code == 1)
      #expect(
        shorter.error.contains(
          "up to the end of the shorter input, and the input ends 1 bytes before the end of the range"
        ))
      let longer = try await verify("hello!")
      #expect(longer.code == 1)
      #expect(
        longer.error.contains(
          "up to the end of the shorter input, and the input is longer than the range"))
      let different = try await verify("hEllO")
      #expect(different.code == 1)
      #expect(different.error.contains("first at offset 1, 2 of 5 bytes differ"))
      #expect(try await verify("lo and more", "--offset", "3", "--length", "2").code == 0)
      #expect(try await verify("").code == 1)
    }
  }

  @Test("reports by how much a file is longer or shorter, at any length")
  func length() async throws {
    try await withRegion("5") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("verify needs no write permission, and allocates no page")
  func readOnly() async throws {
    try await withRegion("1M", ["--sparse", "--mode", "400"]) { (name) async throws in
      let result = try await Tool.run("verify", name.name, "--zero")
      #expect(result.code == 0)
      #expect(name.allocated == 0)
    }
  }

  @Test("verify without a region or contents is a usage error")
  func usage() async throws {
    try await withRegion("4K") { (name) async throws in
      let noRule = try await Tool.run("verify", name.name)
      #expect(noRule.code == 64)
      let missing = try await Tool.run("verify", "\(name)-not", "--zero")
      #expect(missing.code == 66)
      let noFile = try await Tool.run("verify", name.name, "--file", "/nonexistent/x")
      #expect(noFile.code == 66)
    }
  }
}
