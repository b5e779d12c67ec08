import ShmTestSupport
import Testing

@Suite("limits of the process", .serialized)
struct LimitFaultTests {
  @Test(
    "a failed attach is reported, and removes and changes nothing",
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
    "RLIMIT_AS is reported if a larger region must be mapped, and is no obstacle otherwise")
  func addresses() async throws {
    try await withRegion("64G", ["--sparse"]) { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("RLIMIT_FSIZE is an error and no signal for what makes a file larger, and bounds no other")
  func fileSize() async throws {
    try await withRegion("64K", ["--sparse"]) { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "the umask changes neither the mode that --from makes nor that of the other way",
    .enabled(if: TestEnvironment.mayTrace, "needs root and strace"), arguments: [0, 0o077, 0o777])
  func umask(_ mask: Int) async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name, "\(mask)")
    }
  }
}
