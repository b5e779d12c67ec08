import Glibc
import ShmTestSupport
import Testing

@Suite("fill")
struct FillTests {
  @Test("fill writes the same bytes as a model in Python")
  func rules() async throws {
    try await withRegion("300001") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "fill writes its range and no other byte",
    arguments: [(0, 1), (1, 4094), (4095, 1), (4095, 2), (4096, 4096), (1, 65535), (65535, 1)])
  func range(_ offset: Int, _ length: Int) async throws {
    try await withRegion { (name) async throws in
      let result = try await Tool.run(
        "fill", name.name, "--byte", "5", "--offset", "\(offset)", "--length", "\(length)",
        "--json")
      #expect(result.code == 0)
      let report = try JSON(report: result.output)
      #expect(report.action == "fill" && report.offset == .integer(offset))
      #expect(report.length == .integer(length))
      #expect(
        try await name.contents()
          == Array(repeating: 0, count: offset) + Array(repeating: 5, count: length)
          + Array(repeating: 0, count: 65536 - offset - length))
    }
  }

  @Test("--file copies a file or stdin to the start of the range")
  func file() async throws {
    try await withRegion("10") { (name) async throws in
      let result = try await Tool.run(
        "fill", name.name, "--file", "-", "--offset", "3", input: Array("hello".utf8))
      #expect(result.code == 0)
      #expect(result.error.hasPrefix("filled 5 B of '\(name)' with standard input"))
      #expect(try await name.contents() == [0, 0, 0] + Array("hello".utf8) + [0, 0])
      let short = try await Tool.run(
        "fill", name.name, "--file", "-", "--length", "6", input: Array("hello".utf8))
      #expect(short.code == 65)
      #expect(short.error.contains("the input ended after 5 of 6 bytes"))
      let long = try await Tool.run(
        "fill", name.name, "--file", "-", "--length", "4", input: Array("hello".utf8))
      #expect(long.code == 65)
      #expect(long.error.contains("the input is longer than the 4 bytes of the range"))
      #expect(name.size == 10)
    }
  }

  @Test(
    "refuses missing, contradictory and invalid contents",
    arguments: [
      [], ["--zero", "--sequence"], ["--byte", "256"], ["--byte=-1"], ["--byte", "0x"],
      ["--byte", "+1"], ["--pattern", ""], ["--pattern", "\\q"], ["--pattern", "\\x4"],
      ["--seed", "1", "--zero"], ["--random", "--seed=-1"], ["--zero", "--threads", "0"],
      ["--zero", "--threads", "257"], ["--random", "--seed", "18446744073709551616"],
    ])
  func usage(_ words: [String]) async throws {
    try await withRegion("4K") { (name) async throws in
      let result = try await Tool.run(Tool.path, ["fill", name.name] + words)
      #expect(result.code == 64)
      #expect(result.output.isEmpty)
      #expect(try await name.contents() == Array(repeating: 0, count: 4096))
    }
  }

  @Test("fill allocates only the pages that it writes")
  func sparse() async throws {
    try await withRegion("1M", ["--sparse"]) { (name) async throws in
      try await Tool.run("fill", name.name, "--byte", "1", "--offset", "1p", "--length", "2p")
      #expect(name.allocated == 8192)
    }
  }

  @Test("fill works at the largest offset, and at the largest offset that can be mapped")
  func last() async throws {
    try await withRegion("4K", ["--sparse"]) { (name) async throws in
      // Larger than shmtool creates regions, because it could not be mapped. Other programs can create such a region.
      _ = try await Tool.run("truncate", ["-s", "9223372036854775807", name.path])
      for words in [["--byte", "3"], ["--sequence"], ["--random"], ["--pattern", "abc"]] {
        for part in [
          ["--offset", "9223372036854775800"],
          ["--offset", "9223372036854771704", "--length", "8"],
        ] {
          let filled = try await Tool.run(Tool.path, ["fill", name.name] + words + part)
          #expect(filled.code == 0, "\(words) \(part)")
          let verified = try await Tool.run(Tool.path, ["verify", name.name] + words + part)
          #expect(verified.code == 0, "\(words) \(part)")
        }
      }
      #expect(name.allocated == 8192)
    }
  }

  @Test("fill reports a missing region and an empty region")
  func missing() async throws {
    let name = TestName()
    let result = try await Tool.run("fill", name.name, "--zero")
    #expect(result.code == 66)
    #expect(!name.exists)
    try await Python.test(named: name)
    withExtendedLifetime(name) {}
  }
}
