import ShmCore
import ShmTestSupport
import Testing

/// Whether the machine has pages of 2 MiB to give; Scripts/test sees to it as root.
private let hasPool = (HugePagePool.pool(ofPageSize: 2 << 20)?.available ?? 0) >= 4

@Suite("list: every kind")
struct InventoryKindsTests {
  @Test("list shows a memfd that a process has open, with its name and seals")
  func memfd() async throws {
    try await Python.test(alone: true)
  }

  @Test("a region that is only mapped, without a name or descriptor, is found")
  func mappedOnly() async throws {
    try await Python.test(alone: true)
  }

  @Test("descriptors with gaps between their numbers are all found")
  func sparseDescriptors() async throws {
    try await Python.test(alone: true)
  }

  @Test("list finds the same regions if a sandbox refuses PROCMAP_QUERY")
  func withoutQueries() async throws {
    try await Python.test(alone: true)
  }

  @Test("a removed region is distinguished from a region whose name ends in \" (deleted)\"")
  func removed() async throws {
    try await withName { name in
      try await Python.test(named: name, alone: true)
    }
  }

  @Test("list and inspect report the same kind, also if a name ends in \" (deleted)\"")
  func oneKind() async throws {
    try await withName { name in
      try await Python.test(named: name, alone: true)
    }
  }

  @Test("a System V segment is listed with key, creator, attaches and its lock by SHM_LOCK")
  func systemV() async throws {
    try await Python.test(alone: true)
  }

  @Test("pages wired by an inspectable process are counted once")
  func wired() async throws {
    try await Python.test(alone: true)
  }

  @Test(
    "used files on another tmpfs are listed, and unused files are summed up",
    .enabled(if: TestEnvironment.mayMount, "needs the right to mount"))
  func otherTmpfs() async throws {
    try await Python.test(alone: true)
  }

  @Test(
    "files on hugetlbfs are found, used or not, and cannot be paged out",
    .enabled(if: TestEnvironment.mayMount, "needs the right to mount"),
    .enabled(if: hasPool, "needs a pool of huge pages"))
  func huge() async throws {
    try await Python.test(alone: true)
  }

  @Test(
    "the sum of all regions agrees with Shmem within 1 %",
    .enabled(if: TestEnvironment.isRoot, "needs root"))
  func sum() async throws {
    try await Python.test(alone: true)
  }
}
