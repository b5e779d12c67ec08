import ShmTestSupport
import Testing

@Suite("create --from")
struct CreateFromTests {
  @Test("the region has the bytes of its input", arguments: [1, 4095, 4096, 4097, 300_001])
  func fromInput(_ count: Int) async throws {
    try await withName { (name) async throws in
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) }
      let result = try await Tool.run("create", name.name, "--from", "-", input: bytes)
      #expect(result.code == 0)
      #expect(name.size == count)
      #expect(try await name.contents() == bytes)
    }
  }

  @Test("the input can be a file, a pipe or a file of /proc, whose size is unknown")
  func fromFile() async throws {
    try await withRegion("300001") { (source) async throws in
      try await Tool.run("fill", source.name, "--random", "-q")
      let bytes = try await source.contents()
      try await withName { (name) async throws in
        #expect(try await Tool.run("create", name.name, "--from", source.path).code == 0)
        #expect(try await name.contents() == bytes)
      }
      try await withName { (name) async throws in
        let script = "cat \(source.path) | \"$SHMTOOL\" create \(name) --from -"
        #expect(try await Tool.shell(script).code == 0)
        #expect(try await name.contents() == bytes)
      }
      try await withName { (name) async throws in
        #expect(try await Tool.run("create", name.name, "--from", "/proc/version").code == 0)
        let version = try await Tool.run("/bin/cat", ["/proc/version"]).output
        #expect(!version.isEmpty)
        #expect(try await name.contents() == version)
      }
    }
  }

  @Test("the part after the input is filled with zeros")
  func fromShorter() async throws {
    try await withName { (name) async throws in
      let bytes = Array("hello".utf8)
      let result = try await Tool.run("create", name.name, "10", "--from", "-", input: bytes)
      #expect(result.code == 0)
      #expect(try await name.contents() == bytes + [0, 0, 0, 0, 0])
    }
  }

  @Test("an input longer than the size leaves no region")
  func fromLonger() async throws {
    try await withName { (name) async throws in
      let bytes = Array("hello".utf8)
      let result = try await Tool.run("create", name.name, "4", "--from", "-", input: bytes)
      #expect(result.code == 65)
      #expect(result.error.contains("is longer than the 4 bytes"))
      #expect(!name.exists)
    }
  }

  @Test(
    "an invalid input leaves no region",
    arguments: [
      ("/dev/null", 65, "the input is empty"), ("/nonexistent/x", 66, "cannot open"),
      ("/dev", 65, "it is a directory"), ("-", 65, "the input is empty"),
    ])
  func badInput(_ input: String, _ code: Int32, _ words: String) async throws {
    try await withName { (name) async throws in
      let result = try await Tool.run("create", name.name, "--from", input)
      #expect(result.code == code)
      #expect(result.error.contains(words))
      #expect(!name.exists)
    }
  }

  @Test(
    "the next program reads standard input after the bytes of the region",
    arguments: [0, 1, 4096, 70_001])
  func sharedInput(_ skipped: Int) async throws {
    try await withRegion("12M") { (source) async throws in
      try await Tool.run("fill", source.name, "--random", "-q")
      let bytes = try await source.contents()
      try await withName { (name) async throws in
        // All programs share the offset of the file.
        let script = """
          { head -c \(skipped) >/dev/null; "$SHMTOOL" create \(name) --from - -q; wc -c; } <\(source.path)
          """
        let result = try await Tool.shell(script)
        #expect(result.code == 0)
        #expect(result.text == "0\n")
        #expect(try await name.contents() == Array(bytes[skipped...]))
      }
    }
  }
}
