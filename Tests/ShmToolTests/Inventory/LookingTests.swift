import ShmTestSupport
import Testing

/// Looks that disturb no other program, and removals that prove and remove in one step.
@Suite("looking and removing", .serialized)
struct LookingTests {
  @Test(
    "no open of another program fails while list and remove --stale run",
    arguments: [["list"], ["remove", "--stale"], ["list", "--json"]])
  func undisturbed(_ words: [String]) async throws {
    try await withName { name in
      try await Python.test(named: name, arguments: words, alone: true)
    }
  }

  @Test(
    "commands wait for a short lease to end, and name the holder of a permanent lease",
    .enabled(if: TestEnvironment.mayMount, "needs the right to mount"))
  func lease() async throws {
    try await withName { name in
      try await Python.test(named: name, alone: true)
    }
  }

  @Test("a region with a descriptor in flight over a socket is not reported as unused")
  func inFlight() async throws {
    try await withName { name in
      try await Python.test(named: name, alone: true)
    }
  }

  @Test("a reader's lock of any kind does not delay resize")
  func readerLock() async throws {
    try await withName { name in
      try await Python.test(named: name, alone: true)
    }
  }

  @Test(
    "a region that is renamed to a name during its removal is never lost",
    .enabled(if: TestEnvironment.mayMount, "needs the right to mount"),
    arguments: ["--stale", "--unused", "plain"])
  func renamed(_ way: String) async throws {
    try await Python.test(way, alone: true)
  }

  @Test(
    "after a killed removal the next run removes the region or restores its name",
    .enabled(if: TestEnvironment.mayMount && TestEnvironment.mayTrace, "needs mounts and strace"))
  func killed() async throws {
    try await Python.test(alone: true)
  }

  @Test(
    "an unreadable directory is reported once, and other regions are listed",
    .enabled("needs root, who can become nobody") { try await Nobody.isUsable() },
    .enabled(if: TestEnvironment.mayMount, "needs the right to mount"))
  func unreadable() async throws {
    try await Python.test(alone: true)
  }
}
