import ShmCore
import ShmTestSupport
import Testing

/// Whether the machine has pages of 2 MiB to give; Scripts/test sees to it as root.
private let hasPool = (HugePagePool.pool(ofPageSize: 2 << 20)?.available ?? 0) >= 4

@Suite("list: every kind")
struct InventoryKindsTests {
  @Test("a memfd in a process that nobody suspects is found and named, with its seals")
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

  @Test("the same is found where a sandbox refuses to ask the kernel in numbers")
  func withoutQueries() async throws {
    try await Python.test(alone: true)
  }

  @Test("what was removed and is still in use is told from a name that ends so")
  func removed() async throws {
    try await withName { name in
      try await Python.test(named: name, alone: true)
    }
  }

  @Test("a System V segment has its key, creator, attaches and lock, and is wired by SHM_LOCK")
  func systemV() async throws {
    try await Python.test(alone: true)
  }

  @Test("what is wired by a process that may be looked at is told, and counted once")
  func wired() async throws {
    try await Python.test(alone: true)
  }

  @Test(
    "files on another tmpfs are found where they are used, and those that are not are summed",
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
