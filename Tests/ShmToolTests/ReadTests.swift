import Glibc
import ShmTestSupport
import Testing

@Suite("read")
struct ReadTests {
  @Test(
    "read copies the region to stdout, and prints nothing else",
    arguments: [1, 4095, 4096, 4097, 600_001])
  func whole(_ size: Int) async throws {
    try await withRegion("\(size)") { (name) async throws in
      try await Tool.run("fill", name.name, "--random", "-q")
      let result = try await Tool.run("read", name.name)
      #expect(result.code == 0)
      #expect(result.error.isEmpty)
      #expect(result.output.count == size)
      #expect(try await name.contents() == result.output)
    }
  }

  @Test(
    "read copies the requested range",
    arguments: [("0", "1"), ("1", "4095"), ("4095", "2"), ("1p", "1p"), ("65535", "1")])
  func range(_ offset: String, _ length: String) async throws {
    try await withRegion { (name) async throws in
      try await Tool.run("fill", name.name, "--random", "-q")
      let all = try await name.contents()
      let result = try await Tool.run("read", name.name, "--offset", offset, "--length", length)
      let start = offset == "1p" ? 4096 : Int(offset) ?? -1
      let count = length == "1p" ? 4096 : Int(length) ?? -1
      #expect(result.code == 0)
      #expect(result.output == Array(all[start..<start + count]))
      let rest = try await Tool.run("read", name.name, "--offset", offset)
      #expect(rest.output == Array(all[start...]))
    }
  }

  @Test("--hex dumps in hexadecimal and text")
  func hex() async throws {
    try await withRegion("40") { (name) async throws in
      try await Tool.run("write", name.name, input: Array("hello, world\n\u{1B}[31m|".utf8))
      let result = try await Tool.run(
        "read", name.name, "--hex", "--offset", "1", "--length", "18")
      #expect(result.code == 0)
      #expect(
        result.text == """
          00000001  65 6c 6c 6f 2c 20 77 6f  72 6c 64 0a 1b 5b 33 31  |ello, world..[31|
          00000011  6d 7c                                             |m||
          00000013

          """)
    }
  }

  @Test("raw bytes on a terminal are refused without --force")
  func terminal() async throws {
    try await withRegion("5") { (name) async throws in
      try await Tool.run("write", name.name, input: Array("hello".utf8))
      try await Python.test(named: name)
    }
  }

  @Test("read accepts a memfd of another process, and a sealed memfd")
  func memoryFile() async throws {
    try await Python.test()
  }

  @Test("read ends by SIGPIPE if its reader has ended")
  func brokenPipe() async throws {
    try await withRegion("4M") { (name) async throws in
      let result = try await Tool.shell(
        "\"$SHMTOOL\" read \(name) | head -c 1 >/dev/null; echo ${PIPESTATUS[0]}")
      #expect(result.text == "141\n")
      #expect(result.error.isEmpty)
    }
  }

  @Test("read waits for a non-blocking stdout", .timeLimit(.minutes(1)))
  func nonBlocking() async throws {
    try await withRegion("1M") { (name) async throws in
      try await Tool.run("fill", name.name, "--random", "-q")
      try await Python.test(named: name)
    }
  }

  @Test("reports that the region does not exist")
  func missing() async throws {
    let result = try await Tool.run("read", TestName().name)
    #expect(result.code == 66)
    #expect(result.output.isEmpty)
  }

  @Test("--progress is shown on stderr only")
  func progress() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }
}
