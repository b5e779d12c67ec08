import CShm
import ShmTestSupport
import SystemPackage
import Testing

@testable import ShmCore

@Suite("File systems of regions")
struct MemoryFileSystemTests {
  private func status(
    type: Int64 = cshm_TMPFS_MAGIC, blockSize: UInt64 = 4096, blocks: UInt64 = 100,
    available: UInt64 = 40, files: UInt64 = 10, freeFiles: UInt64 = 3
  ) -> cshm_filesystem {
    cshm_filesystem(
      type: type, block_size: blockSize, blocks: blocks, available: available, files: files,
      free_files: freeFiles)
  }

  @Test("sizes are in bytes, and inodes are a count")
  func figures() {
    let system = MemoryFileSystem(status())
    #expect(system.kind == .tmpfs)
    #expect(system.total == 409_600)
    #expect(system.free == 163_840)
    #expect(system.totalInodes == 10)
    #expect(system.freeInodes == 3)
    #expect(system.blockSize == 4096)
  }

  @Test(
    "the magic number identifies the file system",
    arguments: [
      (cshm_TMPFS_MAGIC, MemoryFileSystem.Kind.tmpfs), (cshm_HUGETLBFS_MAGIC, .hugetlbfs),
      (cshm_RAMFS_MAGIC, .ramfs), (0xEF53, .other), (0, .other), (-1, .other),
    ])
  func kinds(_ type: Int64, _ kind: MemoryFileSystem.Kind) {
    #expect(MemoryFileSystem(status(type: type)).kind == kind)
  }

  @Test("without a limit the figures are nil, at the limit they are 0")
  func limits() {
    let unlimited = MemoryFileSystem(status(blocks: 0, available: 0, files: 0, freeFiles: 0))
    #expect(unlimited.total == nil)
    #expect(unlimited.free == nil)
    #expect(unlimited.totalInodes == nil)
    #expect(unlimited.freeInodes == nil)
    let absurd = MemoryFileSystem(status(blocks: .max, available: .max))
    #expect(absurd.total == nil)
    let full = MemoryFileSystem(status(available: 0, freeFiles: 0))
    #expect(full.free == 0)
    #expect(full.freeInodes == 0)
  }

  @Test("figures that overflow are nil")
  func overflow() {
    let system = MemoryFileSystem(
      status(blockSize: .max, blocks: 1 << 46, available: .max, files: 1, freeFiles: .max))
    #expect(system.blockSize == .max)
    #expect(system.total == nil)
    #expect(system.free == nil)
    #expect(MemoryFileSystem(status(blockSize: 0)).blockSize == 1)
  }

  @Test("the file system of a path is found")
  func found() throws {
    let shared = try MemoryFileSystem.at("/dev/shm")
    #expect(shared.kind == .tmpfs)
    #expect(shared.blockSize == page)
    #expect(try MemoryFileSystem.at("/proc").kind == .other)
    let missing = error(.notFound) { _ = try MemoryFileSystem.at("/dev/shm/none/\u{1B}") }
    #expect(missing?.attempt.contains("\\x1b") == true)
  }
}
