import Glibc
import ShmTestSupport
import Testing

@Suite("limits --room and --need agree with create and wire", .serialized)
struct RoomRefusalTests {
  @Test("RLIMIT_FSIZE limits the room of a region")
  func fileSize() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("RLIMIT_AS limits the amount that can be wired")
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
    "pages that a hugetlbfs has reserved are room for its files",
    .enabled(
      if: TestEnvironment.mayMount && TestEnvironment.hasHugePages, "needs root and huge pages"))
  func reservedPool() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }
}
