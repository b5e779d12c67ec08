import Glibc
import ShmTestSupport
import Testing

@Suite("wire -- CMD")
struct WireCommandTests {
  @Test(
    "wire exits with the status of CMD",
    arguments: [("exit 0", 0), ("exit 7", 7), ("exit 255", 255)])
  func codes(_ script: String, _ code: Int32) async throws {
    try await withRegion { (name) async throws in
      let result = try await Tool.run("wire", name.name, "-q", "--", "sh", "-c", script)
      #expect(result.code == code)
      #expect(!result.isSignaled)
      #expect(result.error.isEmpty)
    }
  }

  @Test("wire exits with 128 + n if signal n ended CMD")
  func killed() async throws {
    try await withRegion { (name) async throws in
      let result = try await Tool.run("wire", name.name, "--", "sh", "-c", "kill -KILL $$")
      #expect(result.code == 137)
      #expect(!result.isSignaled)
    }
  }

  @Test("a CMD that is missing or not executable is reported")
  func missing() async throws {
    try await withRegion { (name) async throws in
      let missing = try await Tool.run("wire", name.name, "-q", "--", "no-such-command-here")
      #expect(missing.code == 127)
      #expect(
        missing.error
          == "shmtool: cannot run 'no-such-command-here': command not found\n")
      let directory = try await Tool.run("wire", name.name, "-q", "--", "/")
      #expect(directory.code == 126)
      #expect(directory.error.hasPrefix("shmtool: cannot run '/': "))
    }
  }

  @Test("CMD gets the wired regions as open descriptors")
  func descriptors() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("signals are forwarded to CMD, and a stopped CMD can continue")
  func signals() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("CMD continues if shmtool is killed")
  func abandoned() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }
}
