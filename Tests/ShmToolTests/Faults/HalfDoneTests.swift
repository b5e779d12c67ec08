import Glibc
import ShmTestSupport
import Testing

@Suite("Reports and state after an error")
struct HalfDoneTests {
  @Test(
    "the report matches the changes, whichever system call fails",
    .enabled(if: TestEnvironment.mayTrace, "needs root and strace"))
  func injected() async throws {
    try await withName { (name) async throws in
      let runs = unsafe getenv("SHMTOOL_HALF_DONE_RUNS").map { unsafe String(cString: $0) }
      let script = "\(#filePath)".split(separator: "/").dropLast(3).joined(separator: "/")
      let result = try await Tool.run(
        "python3",
        ["/\(script)/HalfDone/half_done.py", Tool.path, name.name, runs ?? "30", "\(time(nil))"])
      #expect(result.code == 0, "\(result.text)\(result.error)")
    }
  }

  @Test(
    "if a wait fails, CMD keeps its regions, and its exit status is returned",
    .enabled(if: TestEnvironment.mayTrace, "needs root and strace"),
    arguments: [
      ["poll:error=ENOMEM"], ["poll:error=EINVAL", "pidfd_open:error=ENOSYS"],
      ["pidfd_open:error=EMFILE"], ["poll:error=EINTR"],
      ["poll:error=ENOMEM", "rt_sigtimedwait:error=EAGAIN"],
    ])
  func waiting(_ injections: [String]) async throws {
    try await withRegion { (name) async throws in
      try await Python.test(named: name, arguments: injections)
    }
  }

  @Test(
    "a command that cannot be started is an error, not a hang",
    .enabled(if: TestEnvironment.mayTrace, "needs root and strace"),
    arguments: [
      ("dup2:error=EINTR", 71), ("dup2:error=EBADF", 71), ("fcntl:error=EINTR", 71),
      ("vfork:error=EAGAIN", 71), ("dup2:error=EINTR:when=1", 5), ("fcntl:error=EINTR:when=1", 5),
      ("wait4:error=ECHILD", 71),
    ])
  func spawning(_ injection: String, _ code: Int) async throws {
    try await withRegion { (name) async throws in
      try await Python.test(named: name, injection, "\(code)")
    }
  }

  @Test("an error about an unwritable report names the changes; all operands are processed")
  func unwritten() async throws {
    try await withRegion { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "a refusal by the environment is reported as such by copy and fill, not as a defect",
    .enabled(if: TestEnvironment.mayTrace, "needs root and strace"))
  func environment() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("create --wired removes its region only if CMD could not run")
  func wiredCommand() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "a failed growth reserves no memory", .enabled(if: TestEnvironment.mayTrace, "needs strace"))
  func grow() async throws {
    try await withRegion("8192") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("RLIMIT_AS ends no command by a signal")
  func addresses() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name, alone: true)
    }
  }

  @Test(
    "a list of many processes under a limit on addresses or data fails with 79, not by a signal"
  )
  func crowded() async throws {
    try await Python.test(script: "Faults/crowded", named: TestName(), alone: true)
  }

  @Test(
    "create --open refuses an object that another user may have planted, with its owner",
    .enabled(if: TestEnvironment.isRoot, "needs root"))
  func planted() async throws {
    try await withRegion("4K") { (name) async throws in
      try await Python.test(named: name)
    }
  }
}
