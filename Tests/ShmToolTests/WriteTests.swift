import Glibc
import ShmTestSupport
import Testing

@Suite("write")
struct WriteTests {
  @Test(
    "write copies stdin into the region, and changes no other byte",
    arguments: [0, 1, 4095, 4096, 60000])
  func stdin(_ offset: Int) async throws {
    try await withRegion { (name) async throws in
      let result = try await Tool.run(
        "write", name.name, "--offset", "\(offset)", input: Array("hello".utf8))
      #expect(result.code == 0)
      #expect(result.output.isEmpty)
      #expect(result.error.hasPrefix("wrote 5 B into '\(name)', in "))
      #expect(
        try await name.contents()
          == Array(repeating: 0, count: offset) + Array("hello".utf8)
          + Array(repeating: 0, count: 65531 - offset))
    }
  }

  @Test("write copies a named file, and stdin for -", arguments: ["FILE", "-", ""])
  func file(_ operand: String) async throws {
    try await withRegion("300001") { (source) async throws in
      try await Tool.run("fill", source.name, "--random", "-q")
      try await withRegion("300001") { (name) async throws in
        let word = operand == "FILE" ? source.path : operand
        let result = try await Tool.shell(
          "exec \"$SHMTOOL\" write \(name) \(word) --json < \(source.path)")
        #expect(result.code == 0)
        #expect(result.error.isEmpty)
        let report = try JSON(report: result.output)
        #expect(report.action == "write" && report.length == 300_001 && report.offset == 0)
        #expect(try await name.contents() == source.contents())
      }
    }
  }

  @Test("write fills the region, and reports that the input is longer", arguments: [4, 0])
  func tooLong(_ length: Int) async throws {
    try await withRegion("4") { (name) async throws in
      let words = length == 0 ? [] : ["--length", "\(length)"]
      let result = try await Tool.run(
        Tool.path, ["write", name.name] + words, input: Array("hello".utf8))
      #expect(result.code == 65)
      #expect(result.error.contains("the input is longer than the 4 bytes of the range"))
      #expect(name.size == 4)
    }
  }

  @Test("an input shorter than --length is an error")
  func tooShort() async throws {
    try await withRegion("64") { (name) async throws in
      let result = try await Tool.run(
        "write", name.name, "--length", "6", input: Array("hello".utf8))
      #expect(result.code == 65)
      #expect(result.error.contains("the input ended after 5 of 6 bytes"))
    }
  }

  @Test("an empty input is accepted")
  func empty() async throws {
    try await withRegion("64") { (name) async throws in
      let result = try await Tool.run("write", name.name)
      #expect(result.code == 0)
      #expect(result.error.hasPrefix("wrote 0 B into '\(name)'"))
      #expect(try await name.contents() == Array(repeating: 0, count: 64))
    }
  }

  @Test("a closed stdin and a directory as stdin are reported")
  func badInput() async throws {
    try await withRegion("64") { (name) async throws in
      let closed = try await Tool.shell("exec \"$SHMTOOL\" write \(name) <&-")
      #expect(closed.code == 74)
      #expect(closed.error.contains("cannot read standard input: it is closed"))
      let directory = try await Tool.shell("exec \"$SHMTOOL\" write \(name) </")
      #expect(directory.code == 65)
      #expect(directory.error.contains("cannot read standard input: it is a directory"))
      let missing = try await Tool.run("write", name.name, "/nonexistent/x")
      #expect(missing.code == 66)
      #expect(try await name.contents() == Array(repeating: 0, count: 64))
    }
  }

  @Test("write accepts a memfd of another process, and reports a sealed memfd")
  func memoryFile() async throws {
    try await Python.test()
  }

  @Test("a region whose mode denies writing is refused")
  func mode() async throws {
    try await withRegion("64", ["--mode", "444"]) { (name) async throws in
      let result =
        try await Nobody.isUsable()
        ? try await Nobody.shell("echo x | \"$NOBODY\" write \"$1\"", [name.name])
        : try await Tool.run("write", name.name, input: [1])
      #expect(result.code == 77)
      #expect(result.error.contains("its mode denies permission; it belongs to uid \(geteuid())"))
      #expect(try await name.contents() == Array(repeating: 0, count: 64))
    }
  }

  @Test("RLIMIT_FSIZE does not limit write")
  func fileSize() async throws {
    try await withRegion { (name) async throws in
      let result = try await Tool.shell(
        "ulimit -f 16; exec \"$SHMTOOL\" write \(name) --offset 32K", input: [1, 2, 3])
      #expect(result.code == 0)
      #expect(name.size == 65536)
    }
  }

  @Test("an input known to be too long changes nothing, otherwise the written bytes are reported")
  func fits() async throws {
    try await withRegion("5") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("--unused and a path on a disk are refused with a hint")
  func advice() async throws {
    try await withRegion("4K") { (name) async throws in
      try await Python.test(named: name)
    }
  }
}
