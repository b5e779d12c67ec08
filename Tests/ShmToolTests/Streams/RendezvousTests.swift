import ShmTestSupport
import Testing

@Suite("the directory of streams", .serialized)
struct RendezvousTests {
  @Test("a waiting sender binds its name again after the name or the directory was removed")
  func renewed() async throws {
    try await Streams.test()
  }

  @Test("a waiting sender fails with the reason if its name is in use by another object")
  func taken() async throws {
    try await Streams.test()
  }

  @Test(
    "a sender detects another object that replaces its name while it binds",
    .enabled(if: TestEnvironment.mayTrace, "needs root and strace"))
  func takenWhileBinding() async throws {
    try await Streams.test()
  }

  @Test(
    "a sender killed at any call, under any umask, blocks no later stream",
    .enabled(if: TestEnvironment.mayTrace, "needs root and strace"),
    arguments: ["077", "0777", "0700"])
  func killed(_ umask: String) async throws {
    try await Streams.test(umask)
  }

  @Test(
    "of two senders that bind one name at the same time, one fails, and the other one keeps the name",
    .enabled(if: TestEnvironment.mayTrace, "needs root and strace"))
  func replacedMeanwhile() async throws {
    try await Streams.test()
  }

  @Test(
    "a failed send leaves no directory and no name",
    .enabled(if: TestEnvironment.mayTrace, "needs root and strace"),
    arguments: ["socket", "bind", "listen", "fchmod", "flock", "mkdirat"])
  func failed(_ call: String) async throws {
    try await Streams.test(call)
  }

  @Test(
    "a stream works if a sandbox refuses geteuid",
    .enabled(if: TestEnvironment.mayTrace, "needs root and strace"),
    arguments: ["error=EPERM", "error=ENOSYS", "retval=4294967295"])
  func noUser(_ injection: String) async throws {
    try await Streams.test(injection)
  }

  @Test("every name that a sender accepts is received, listed and removed")
  func names() async throws {
    try await Streams.test()
  }
}
