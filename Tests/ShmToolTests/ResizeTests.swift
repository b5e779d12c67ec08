import Glibc
import ShmTestSupport
import Testing

@Suite("resize")
struct ResizeTests {
  @Test("growing adds reserved zeros, and keeps the contents")
  func grow() async throws {
    try await withRegion("10000") { (name) async throws in
      try await Tool.run("fill", name.name, "--byte", "9", "-q")
      let result = try await Tool.run("resize", name.name, "20000")
      #expect(result.code == 0)
      #expect(result.output.isEmpty)
      #expect(result.error.hasPrefix("resized '\(name)' from 9.8 KiB to 19.5 KiB, in "))
      #expect(name.size == 20000)
      #expect(name.allocated == 20480)
      #expect(
        try await name.contents()
          == Array(repeating: 9, count: 10000) + Array(repeating: 0, count: 10000))
    }
  }

  @Test("--sparse grows without reserving memory")
  func sparse() async throws {
    try await withRegion("4K") { (name) async throws in
      #expect(try await Tool.run("resize", name.name, "1T", "--sparse").code == 0)
      #expect(name.size == 1 << 40)
      #expect(name.allocated == 4096)
    }
  }

  @Test("a smaller size is refused without --shrink")
  func noShrink() async throws {
    try await withRegion { (name) async throws in
      let result = try await Tool.run("resize", name.name, "4K")
      #expect(result.code == 65)
      #expect(result.error.contains("the data beyond the new end would be lost"))
      #expect(name.size == 65536)
    }
  }

  @Test("--shrink makes the region smaller and frees its memory")
  func shrink() async throws {
    try await withRegion { (name) async throws in
      #expect(try await Tool.run("resize", name.name, "4097", "--shrink").code == 0)
      #expect(name.size == 4097)
      #expect(name.allocated == 8192)
    }
  }

  @Test("the present size is accepted")
  func same() async throws {
    try await withRegion { (name) async throws in
      let result = try await Tool.run("resize", name.name, "64K", "--json")
      #expect(result.code == 0)
      #expect(result.error.isEmpty)
      #expect(name.size == 65536)
      let report = try JSON(report: result.output)
      #expect(report.action == "resize" && report.size == 65536)
    }
  }

  @Test("shrinking a region in use is refused without --force")
  func busy() async throws {
    try await withRegion { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("a sealed memfd is refused, and the seal is named")
  func sealed() async throws {
    try await Python.test()
  }

  @Test("without enough space neither the size nor the memory changes")
  func room() async throws {
    try await withRegion("4K") { (name) async throws in
      let result = try await Tool.run("resize", name.name, "1024T")
      #expect(result.code == 79)
      #expect(result.error.contains("needs 1 PiB, but "))
      #expect(name.size == 4096)
      #expect(name.allocated == 4096)
    }
  }

  @Test(
    "refuses invalid sizes",
    arguments: ["0", "-1", "1e3", "4Gi", "9223372036854775808", "", "x"])
  func badSize(_ size: String) async throws {
    try await withRegion { (name) async throws in
      let result = try await Tool.run("resize", "--shrink", "--force", name.name, "--", size)
      #expect(result.code == 64)
      #expect(name.size == 65536)
    }
  }

  @Test("reports that the region does not exist")
  func missing() async throws {
    let name = TestName()
    let result = try await Tool.run("resize", name.name, "4K")
    #expect(result.code == 66)
    #expect(!name.exists)
  }

  @Test("a size above RLIMIT_FSIZE is an error, not SIGXFSZ", arguments: ["", "--sparse"])
  func fileSize(_ option: String) async throws {
    try await withRegion { (name) async throws in
      let result = try await Tool.shell(
        "ulimit -f 64; exec \"$SHMTOOL\" resize \(name) 128K \(option)")
      #expect(result.code == 74)
      #expect(!result.isSignaled)
      #expect(result.error.contains("file too large (the limit on file sizes is 64 KiB); "))
      #expect(name.size == 65536)
      #expect(name.allocated == 65536)
    }
  }
}
