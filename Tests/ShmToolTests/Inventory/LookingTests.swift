import ShmTestSupport
import Testing

/// Looks that disturb no other program, and removals that prove and remove in one step.
@Suite("looking and removing", .serialized)
struct LookingTests {
  @Test(
    "no open of another program fails while list and remove --stale look",
    arguments: [["list"], ["remove", "--stale"], ["list", "--json"]])
  func undisturbed(_ words: [String]) async throws {
    try await withName { name in
      try await Python.test(named: name, arguments: words, alone: true)
    }
  }

  @Test(
    "commands wait out a lease of a moment, and name the holder of one that stays",
    .enabled(if: TestEnvironment.mayMount, "needs the right to mount"))
  func lease() async throws {
    try await withName { name in
      try await Python.test(named: name, alone: true)
    }
  }

  @Test("a descriptor that no look can see keeps a region, and it is not called unused")
  func inFlight() async throws {
    try await withName { name in
      try await Python.test(named: name, alone: true)
    }
  }

  @Test("a reader's lock, of whatever kind, does not hold up a change of the size")
  func readerLock() async throws {
    try await withName { name in
      try await Python.test(named: name, alone: true)
    }
  }

  @Test(
    "what was renamed to a name while it is removed is never lost",
    .enabled(if: TestEnvironment.mayMount, "needs the right to mount"),
    arguments: ["--stale", "--unused", "plain"])
  func renamed(_ way: String) async throws {
    try await Python.test(way, alone: true)
  }

  @Test(
    "a removal that is killed leaves a region that the next run removes or names again",
    .enabled(if: TestEnvironment.mayMount && TestEnvironment.mayTrace, "needs mounts and strace"))
  func killed() async throws {
    try await Python.test(alone: true)
  }

  @Test(
    "what cannot be read is named once, and the rest is listed",
    .enabled("needs root, who can become nobody") { try await Nobody.isUsable() },
    .enabled(if: TestEnvironment.mayMount, "needs the right to mount"))
  func unreadable() async throws {
    try await Python.test(alone: true)
  }
}
