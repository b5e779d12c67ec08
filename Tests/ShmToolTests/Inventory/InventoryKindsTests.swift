import ShmCore
import ShmTestSupport
import Testing

/// Whether the machine has pages of 2 MiB to give; Scripts/test sees to it as root.
private let hasPool = (HugePagePool.pool(ofPageSize: 2 << 20)?.available ?? 0) >= 4

@Suite("list: every kind")
struct InventoryKindsTests {
  @Test("finds and names a memfd that only a process has open, with its seals")
  func memfd() async throws {
    try await Python.test(alone: true)
  }

  @Test("what is mapped only, and has neither a name nor a descriptor, is found")
  func mappedOnly() async throws {
    try await Python.test(alone: true)
  }

  @Test("descriptors with gaps between their numbers are all found")
  func sparseDescriptors() async throws {
    try await Python.test(alone: true)
  }

  @Test("finds the same if a sandbox refuses PROCMAP_QUERY")
  func withoutQueries() async throws {
    try await Python.test(alone: true)
  }

  @Test("distinguishes a removed region that is in use from a name that ends in the kernel's mark")
  func removed() async throws {
    try await withName { name in
      try await Python.test(named: name, alone: true)
    }
  }

  @Test("list and inspect report the same kind, also if a name ends in the kernel's mark")
  func oneKind() async throws {
    try await withName { name in
      try await Python.test(named: name, alone: true)
    }
  }

  @Test("a System V segment has its key, creator, attaches and lock, and is wired by SHM_LOCK")
  func systemV() async throws {
    try await Python.test(alone: true)
  }

  @Test("reports what an inspectable process has wired, counted once")
  func wired() async throws {
    try await Python.test(alone: true)
  }

  @Test(
    "finds used files on another tmpfs, and adds up the unused ones",
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
    "the sum of all regions agrees with Shmem: within one in a hundred",
    .enabled(if: TestEnvironment.isRoot, "needs root"))
  func sum() async throws {
    try await Python.test(alone: true)
  }
}
