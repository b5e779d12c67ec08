import ShmTestSupport
import Testing

@Suite("Messages of commands that hold regions")
struct WireMannersTests {
  @Test("a CMD without -- is recognized", arguments: ["wire", "map"])
  func forgottenDashes(_ command: String) async throws {
    try await withRegion { (name) async throws in
      let result = try await Tool.run(command, name.name, "sleep", "1")
      #expect(
        result.error.hasSuffix("; if 'sleep' is a command to run, write '--' before it\n"),
        "\(result.error)")
      #expect(result.code == 66)
      let other = try await Tool.run(command, name.name, "no-such-program-here")
      #expect(!other.error.contains("'--'"), "\(other.error)")
      let first = try await Tool.run(command, "sleep", name.name)
      #expect(!first.error.contains("'--'"), "\(first.error)")
    }
  }

  @Test("on a terminal commands that hold regions report the amount and what ends them")
  func waiting() async throws {
    try await withRegion { (name) async throws in
      try await Python.test(named: name)
    }
  }
}
