import ShmTestSupport
import Testing

@Suite(
  "no room", .serialized,
  .enabled(if: TestEnvironment.mayMount, "needs root and the right to mount"))
struct SpaceFaultTests {
  @Test("is an error with the requested, free and total size, and allocates no block")
  func full() async throws {
    try await Python.test(named: TestName())
  }

  @Test("is reported on a tmpfs of one page, and without a free inode")
  func smallest() async throws {
    try await Python.test(named: TestName())
  }

  @Test("names the cause if /dev/shm is read-only, not a tmpfs, or missing")
  func place() async throws {
    try await Python.test(named: TestName())
  }

  @Test("names the remaining method on ramfs, which cannot reserve memory")
  func ramfs() async throws {
    try await Python.test(named: TestName())
  }
}

@Suite("a storm of signals", .serialized)
struct SignalStormTests {
  @Test("does not keep a reservation from its end")
  func storm() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }
}
