import ShmTestSupport
import Testing

/// Holders in the background whose program is replaced, or that cannot be watched.
@Suite(
  "wire --background and unwire, after a fault", .serialized,
  .enabled(if: TestEnvironment.mayTrace, "needs root and strace"))
struct HolderFaultTests {
  @Test(
    "the started program holds the region, also if its file was replaced",
    arguments: ["replaced", "deleted", "renamed", "written"])
  func program(_ way: String) async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name, way, alone: true)
    }
  }

  @Test(
    "a holder that ends without a message is an error, and no page stays wired",
    arguments: ["setsid", "mlock,mlock2"])
  func silent(_ call: String) async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name, call, alone: true)
    }
  }

  @Test(
    "unwire works without poll, and reports an error if it cannot watch or signal the holder",
    arguments: [
      ["poll:error=ENOMEM"], ["poll:error=EINVAL"], ["poll:error=EPERM"],
      ["poll:error=EINVAL", "pidfd_send_signal:error=EPERM:when=2+"],
      ["pidfd_open:error=EMFILE"], ["pidfd_open:error=ENOSYS"], ["pidfd_open:error=EPERM"],
      ["pidfd_send_signal:error=EPERM"], ["pidfd_send_signal:error=ENOSYS"],
    ])
  func unwatched(_ injections: [String]) async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name, arguments: injections, alone: true)
    }
  }

  @Test("if one of two holders cannot be ended, unwire ends the other, and reports both")
  func oneOfTwo() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name, alone: true)
    }
  }

  @Test("unwire reports a sent signal if the holder does not end")
  func stopped() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name, alone: true)
    }
  }
}
