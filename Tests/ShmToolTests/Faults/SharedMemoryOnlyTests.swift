import ShmCore
import ShmTestSupport
import SystemPackage
import Testing

@Suite("commands that change something")
struct SharedMemoryOnlyTests {
  /// A directory outside memory that every user can write; nil without one.
  static let disk: String? = ["/var/tmp", "/tmp"].first {
    (try? MemoryFileSystem.at(FilePath($0)).kind) == .other
  }

  @Test(
    "refuses a file on a disk with 65 and the name of its file system, and does not open it for writing",
    .enabled(if: disk != nil, "needs a directory that is not in memory"))
  func ordinaryFiles() async throws {
    try await Python.test(Self.disk ?? "")
  }

  @Test(
    "reads, verifies, maps and wires a file on a disk",
    .enabled(if: disk != nil, "needs a directory that is not in memory"))
  func reading() async throws {
    try await Python.test(Self.disk ?? "")
  }

  @Test("refuses the kernel's interfaces by their kind, without opening them for writing")
  func interfaces() async throws {
    try await Python.test()
  }

  @Test(
    "refuses a file on overlayfs without copying it up, and a /dev/shm that is not shared memory",
    .enabled(
      if: TestEnvironment.mayMount && disk != nil,
      "needs the right to mount, and a directory on a disk"))
  func overlays() async throws {
    try await Python.test(Self.disk ?? "")
  }

  @Test(
    "changes only the file that was looked at while a link on the way changes hands",
    .enabled(if: disk != nil, "needs a directory that is not in memory"))
  func race() async throws {
    try await withName { (name) async throws in
      try await Python.test(Self.disk ?? "", name.name)
    }
  }
}
