import Glibc
import ShmTestSupport
import Testing

@Suite("limits --room and --need refuse what create and wire refuse", .serialized)
struct RoomRefusalTests {
  @Test("the limit on file sizes bounds the room of a region")
  func fileSize() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("the limit on addresses bounds what can be wired")
  func addresses() async throws {
    try await withRegion("300M", ["--sparse"]) { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("a directory in which the process cannot create a file has no room")
  func directory() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "a read-only file system and a ramfs, on which no memory can be reserved, have no room",
    .enabled(if: TestEnvironment.mayMount, "needs root and the right to mount"))
  func mounts() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "pages that a hugetlbfs has reserved for its files are room for these",
    .enabled(
      if: TestEnvironment.mayMount && TestEnvironment.hasHugePages, "needs root and huge pages"))
  func reservedPool() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }
}
