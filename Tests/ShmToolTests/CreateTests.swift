import Glibc
import ShmTestSupport
import Testing

@Suite("create")
struct CreateTests {
  @Test("create makes a reserved region for its owner only, and reports it on stderr")
  func life() async throws {
    try await withName { (name) async throws in
      let result = try await Tool.run("create", name.name, "64K")
      #expect(result.code == 0)
      #expect(result.output.isEmpty)
      #expect(result.error.hasPrefix("created '\(name)': 64 KiB, in "))
      #expect(name.size == 65536)
      #expect(name.allocated == 65536)
      #expect(name.mode == 0o600)
      #expect(name.status?.st_uid == geteuid())
      #expect(name.status?.st_nlink == 1)
      #expect(try await name.contents() == Array(repeating: 0, count: 65536))
    }
  }

  @Test(
    "create accepts a size in every unit",
    arguments: [
      ("1", 1), ("4095", 4095), ("4096", 4096), ("4097", 4097), ("4096b", 4096), ("64k", 65536),
      ("64KiB", 65536), ("64kb", 64000), ("1M", 1 << 20), ("1MB", 1_000_000), ("3p", 3 * 4096),
    ])
  func units(_ text: String, _ size: Int) async throws {
    try await withName { (name) async throws in
      #expect(try await Tool.run("create", name.name, text).code == 0)
      #expect(name.size == size)
      #expect(name.allocated == (size + 4095) / 4096 * 4096)
    }
  }

  @Test("reserves no memory with --sparse", arguments: ["1M", "1T", "128T"])
  func sparse(_ size: String) async throws {
    try await withName { (name) async throws in
      let result = try await Tool.run("create", name.name, size, "--sparse")
      #expect(result.code == 0)
      #expect(result.error.hasPrefix("created sparse '\(name)': "))
      #expect(name.exists)
      #expect(name.allocated == 0)
    }
  }

  @Test("reports the new region as JSON on stdout, and writes nothing to stderr")
  func json() async throws {
    try await withName { (name) async throws in
      let result = try await Tool.run("create", name.name, "12345", "--json")
      #expect(result.code == 0)
      #expect(result.error.isEmpty)
      let report = try JSON(report: result.output)
      #expect(report.action == "create" && report.region == "\(name)")
      #expect(report.size == 12345)
      #expect(report.seconds.double != nil)
    }
  }

  @Test("prints no text with --quiet")
  func quiet() async throws {
    try await withName { (name) async throws in
      let result = try await Tool.run("create", name.name, "4K", "-q")
      #expect(result.code == 0)
      #expect(result.output.isEmpty && result.error.isEmpty)
      #expect(name.exists)
    }
  }

  @Test("create keeps an existing object and exits with 73", arguments: ["4K", "64K"])
  func taken(_ size: String) async throws {
    try await withRegion { (name) async throws in
      try await Tool.run("fill", name.name, "--byte", "7", "-q")
      let before = name.status?.st_ino
      let result = try await Tool.run("create", name.name, size)
      #expect(result.code == 73)
      #expect(
        result.error.hasPrefix(
          "shmtool: cannot create '\(name)': the name is in use by a region of 65536 bytes, owned by uid "
            + "\(geteuid()); "))
      #expect(name.status?.st_ino == before)
      #expect(try await name.contents() == Array(repeating: 7, count: 65536))
    }
  }

  @Test("--open accepts an existing region of the same size only")
  func open() async throws {
    try await withName { (name) async throws in
      let first = try await Tool.run("create", name.name, "64K", "--open")
      #expect(first.code == 0)
      #expect(first.error.hasPrefix("created '\(name)': 64 KiB"))
      let inode = name.status?.st_ino
      let second = try await Tool.run("create", name.name, "64K", "--open")
      #expect(second.code == 0)
      #expect(second.error.hasPrefix("opened existing '\(name)': 64 KiB"))
      let third = try await Tool.run("create", name.name, "65535", "--open")
      #expect(third.code == 73)
      #expect(third.error.contains("the existing region has 64 KiB (65536 bytes)"))
      #expect(name.status?.st_ino == inode)
      #expect(name.size == 65536)
    }
  }

  @Test(
    "the region has the requested mode, with any umask",
    arguments: ["000", "077", "777"],
    ["600", "640", "0666", "777", "000"])
  func mode(_ umask: String, _ mode: String) async throws {
    try await withName { (name) async throws in
      let made = try await Tool.shell(
        "umask \(umask); exec \"$SHMTOOL\" create \(name) 4K --mode \(mode)")
      #expect(made.code == 0)
      #expect(name.mode == Int(mode, radix: 8))
      #expect(name.size == 4096)
    }
  }

  @Test("without --mode only the owner has access", arguments: ["000", "077", "777"])
  func defaultMode(_ umask: String) async throws {
    try await withName { (name) async throws in
      let made = try await Tool.shell("umask \(umask); exec \"$SHMTOOL\" create \(name) 4K")
      #expect(made.code == 0)
      #expect(name.mode == 0o600)
    }
  }

  @Test(
    "refuses an invalid mode", arguments: ["888", "1777", "+7", "rw", "-1", "", "0x7", "77777"])
  func badMode(_ mode: String) async throws {
    try await withName { (name) async throws in
      let result = try await Tool.run("create", name.name, "4K", "--mode=\(mode)")
      #expect(result.code == 64)
      #expect(!name.exists)
    }
  }

  @Test(
    "conflicting options and a missing size are refused",
    arguments: [
      ["4K", "--open", "--from", "-"], [], ["4K", "8K"],
      ["4K", "--nonsense"],
    ])
  func badOptions(_ options: [String]) async throws {
    try await withName { (name) async throws in
      let result = try await Tool.run(Tool.path, ["create", name.name] + options)
      #expect(result.code == 64)
      #expect(result.output.isEmpty)
      #expect(result.error.hasSuffix("(see 'shmtool create --help')\n"))
      #expect(!name.exists)
    }
  }

  @Test(
    "refuses a size beyond the memory with figures, and leaves no region",
    arguments: ["1024T", "9223372036854775807"])
  func absurd(_ size: String) async throws {
    try await withName { (name) async throws in
      let result = try await Tool.run("create", name.name, size)
      #expect(result.code == 79)
      #expect(result.error.contains("needs "))
      #expect(!name.exists)
    }
  }

  @Test(
    "a size larger than the address space is refused, also with --sparse",
    arguments: ["129T", "9223372036854775807"])
  func unmappable(_ size: String) async throws {
    try await withName { (name) async throws in
      let result = try await Tool.run("create", name.name, size, "--sparse")
      #expect(result.code == 79)
      #expect(result.error.contains("the address space of a process is 128 TiB"))
      #expect(!name.exists)
    }
  }

  @Test("a signal ends create, which leaves no region", arguments: [SIGINT, SIGTERM, SIGHUP])
  func signal(_ number: Int32) async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name, "\(number)")
    }
  }

  @Test("of two concurrent creations one succeeds, and the other reports the name as in use")
  func race() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("a size above RLIMIT_FSIZE is an error, not SIGXFSZ")
  func fileSize() async throws {
    try await withName { (name) async throws in
      let result = try await Tool.shell("ulimit -f 16; exec \"$SHMTOOL\" create \(name) 64K")
      #expect(result.code == 74)
      #expect(!result.isSignaled)
      #expect(result.error.contains("file too large (the limit on file sizes is 16 KiB); "))
      #expect(!name.exists)
    }
  }

  @Test("reports the limit on open files, and leaves no region")
  func descriptors() async throws {
    try await withName { (name) async throws in
      // The dynamic linker needs one, the input takes it, and the region would be the next.
      let result = try await Tool.shell(
        "ulimit -n 4; exec \"$SHMTOOL\" create \(name) --from /proc/version")
      #expect(result.code == 71)
      #expect(result.error.contains("too many open files; "))
      #expect(!name.exists)
    }
  }
}
