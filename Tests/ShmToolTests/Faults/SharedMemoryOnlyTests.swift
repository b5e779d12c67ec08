import ShmCore
import ShmTestSupport
import SystemPackage
import Testing

@Suite("Commands that change regions")
struct SharedMemoryOnlyTests {
  /// A directory outside memory that every user can write; nil without one.
  static let disk: String? = ["/var/tmp", "/tmp"].first {
    (try? MemoryFileSystem.at(FilePath($0)).kind) == .other
  }

  @Test(
    "a file on a disk is refused with 65, without opening it for writing",
    .enabled(if: disk != nil, "needs a directory that is not in memory"))
  func ordinaryFiles() async throws {
    try await Python.test(Self.disk ?? "")
  }

  @Test(
    "a file on a disk can be read, verified, mapped and wired",
    .enabled(if: disk != nil, "needs a directory that is not in memory"))
  func reading() async throws {
    try await Python.test(Self.disk ?? "")
  }

  @Test("files of /proc, /sys and the like are refused, without opening them for writing")
  func interfaces() async throws {
    try await Python.test()
  }

  @Test(
    "a file on overlayfs and a /dev/shm that is not shared memory are refused",
    .enabled(
      if: TestEnvironment.mayMount && disk != nil,
      "needs the right to mount, and a directory on a disk"))
  func overlays() async throws {
    try await Python.test(Self.disk ?? "")
  }

  @Test(
    "only the checked file is changed while a link in its path is replaced",
    .enabled(if: disk != nil, "needs a directory that is not in memory"))
  func race() async throws {
    try await withName { (name) async throws in
      try await Python.test(Self.disk ?? "", name.name)
    }
  }
}
