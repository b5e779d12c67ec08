import ShmTestSupport
import Testing

@Suite("limits of the process", .serialized)
struct LimitFaultTests {
  @Test(
    "a failed open of a region is reported, and changes nothing",
    .enabled(if: TestEnvironment.mayTrace, "needs root and strace"),
    arguments: [
      ("EMFILE", 71, "too many open files; "), ("ENFILE", 71, "raise fs.file-max"),
      ("EACCES", 77, "permission denied for an unknown reason"),
      ("EIO", 74, "input/output error"),
      ("ENOMEM", 79, "annot allocate memory"),
    ])
  func attach(_ error: String, _ code: Int, _ words: String) async throws {
    try await withRegion { (name) async throws in
      try await Python.test(named: name, error, "\(code)", words)
    }
  }

  @Test(
    "RLIMIT_AS is reported only by commands that must map a larger region")
  func addresses() async throws {
    try await withRegion("64G", ["--sparse"]) { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("RLIMIT_FSIZE is an error, not a signal, and limits only commands that grow a file")
  func fileSize() async throws {
    try await withRegion("64K", ["--sparse"]) { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "the umask does not change the mode of a region, with or without --from",
    .enabled(if: TestEnvironment.mayTrace, "needs root and strace"), arguments: [0, 0o077, 0o777])
  func umask(_ mask: Int) async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name, "\(mask)")
    }
  }
}
