import ShmTestSupport
import Testing

@Suite(
  "Commands without enough space", .serialized,
  .enabled(if: TestEnvironment.mayMount, "needs root and the right to mount"))
struct SpaceFaultTests {
  @Test("a lack of space is an error with requested, free and total size, and allocates no block")
  func full() async throws {
    try await Python.test(named: TestName())
  }

  @Test("a lack of space is reported on a tmpfs of one page, and without a free inode")
  func smallest() async throws {
    try await Python.test(named: TestName())
  }

  @Test("an error names the cause if /dev/shm is read-only, not a tmpfs, or missing")
  func place() async throws {
    try await Python.test(named: TestName())
  }

  @Test("on ramfs, which cannot reserve memory, the error names --sparse")
  func ramfs() async throws {
    try await Python.test(named: TestName())
  }
}

@Suite("Commands under many signals", .serialized)
struct SignalStormTests {
  @Test("a reservation of memory completes under a storm of signals")
  func storm() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }
}
