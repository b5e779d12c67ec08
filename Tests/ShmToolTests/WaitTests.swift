import ShmTestSupport
import Testing

@Suite("wait")
struct WaitTests {
  @Test("wait ends at once if the condition holds already")
  func already() async throws {
    try await withRegion { (name) async throws in
      try await Tool.run("write", name.name, "--offset", "8", input: Array("ready\n".utf8))
      for words in [
        [], ["--size", "64K"], ["--size", "1"], ["--equals", "ready\\n", "--at", "8"],
        ["--equals", "\\x00"],
      ] {
        let result = try await Tool.run(
          Tool.path, ["wait", name.name, "--timeout", "0ms"] + words)
        #expect(result.code == 0, "\(words)")
        #expect(result.output.isEmpty && result.error.isEmpty)
      }
      let gone = try await Tool.run("wait", "\(name)-not", "--removed", "--timeout", "0")
      #expect(gone.code == 0)
    }
  }

  @Test(
    "wait exits with 124 after the time limit, and names the condition",
    arguments: [
      ([], "its removal", true), ([], "its creation", false),
      (["--size", "65537"], "a size of 64 KiB", true),
      (["--equals", "x"], "the value of 1 bytes at 0", true),
      (["--equals", "x", "--at", "1T"], "the value of 1 bytes at 1099511627776", true),
    ] as [([String], String, Bool)])
  func timeout(_ words: [String], _ what: String, _ exists: Bool) async throws {
    try await withRegion { (name) async throws in
      let operand = exists ? name.name : "\(name)-not"
      let words = what == "its removal" ? ["--removed"] : words
      let result = try await Tool.run(
        Tool.path, ["wait", operand, "--timeout", "50ms"] + words)
      #expect(result.code == 124)
      #expect(result.output.isEmpty)
      #expect(
        result.error
          == "shmtool: cannot wait for '\(operand)': timed out after 50 ms (waiting for \(what))\n")
    }
  }

  @Test("wait detects creation, growth, change and removal of a region")
  func changes() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("a region that is renamed to the name is a new region")
  func renamed() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "two conditions and invalid durations are refused",
    arguments: [
      ["--removed", "--size", "1"], ["--equals", "x", "--removed"], ["--at", "4"],
      ["--timeout", "5x"], ["--timeout=-1s"], ["--timeout", "99999999999999h"], ["--timeout", ""],
      ["--equals", ""], ["--size", "-1"],
    ])
  func usage(_ words: [String]) async throws {
    let result = try await Tool.run(Tool.path, ["wait", TestName().name] + words)
    #expect(result.code == 64)
    #expect(result.output.isEmpty)
  }

  @Test("a signal ends wait", arguments: [2, 15])
  func signal(_ number: Int) async throws {
    try await Python.test(named: TestName(), "\(number)")
  }
}
