import Glibc
import ShmTestSupport
import SystemPackage
import Testing

@testable import ShmCore

@Suite("The kind of a region by its path")
struct RegionKindTests {
  @Test(
    "the kind follows from the path, also if it is unknown whether its file system is mounted",
    arguments: [
      ("/dev/shm/a", .posix), ("/dev/shm/a (deleted)", .posix), ("/dev/shm/sem.a", .semaphore),
      ("/dev/shm/sem.a (deleted) (deleted)", .semaphore), ("/dev/shm/d/a", .file),
      ("/dev/shm/", .file), ("/memfd:x (deleted)", .memfd), ("/memfd: (deleted)", .memfd),
      ("/memfd:a/b (deleted) (deleted)", .memfd), ("/memfd:x", .file),
      ("/SYSV00000000 (deleted)", .systemV), ("/SYSV0000Beef (deleted)", .systemV),
      ("/SYSV00000000", .file), ("/SYSV0000000g (deleted)", .file), ("/SYSV/x (deleted)", .file),
      ("/SYSV00000000 (deleted) (deleted)", .file), ("/dev/zero (deleted)", .anonymous),
      ("/dev/zero.d/x (deleted)", .file), ("/anon_hugepage (deleted)", .anonymous),
      ("/anon_hugepages (deleted)", .file), ("/mnt/x", .file), ("", .file), (" (deleted)", .file),
    ] as [(String, RegionKind)])
  func path(_ path: String, _ kind: RegionKind) {
    #expect(RegionKind(KernelPath(Array(path.utf8)), isHidden: nil) == kind)
  }

  @Test(
    "on a mounted file system only the path of a memfd was made by the kernel",
    arguments: [
      ("/dev/shm/a", .posix), ("/SYSV00000000 (deleted)", .file), ("/dev/zero (deleted)", .file),
      ("/memfd:directory/x", .file), ("/memfd:x (deleted)", .memfd),
    ] as [(String, RegionKind)])
  func mounted(_ path: String, _ kind: RegionKind) {
    #expect(RegionKind(KernelPath(Array(path.utf8)), isHidden: false) == kind)
  }

  @Test(
    "on a file system without a mount no path is a file",
    arguments: [
      ("/dev/shm/a", .other), ("/memfd:x", .memfd), ("/memfd:x (deleted)", .memfd),
      ("/dev/zero (deleted)", .anonymous), ("/dev/zero", .anonymous), ("", .other),
      ("/SYSV00000000 (deleted)", .systemV), ("/drm mm object (deleted)", .other),
    ] as [(String, RegionKind)])
  func hidden(_ path: String, _ kind: RegionKind) {
    #expect(RegionKind(KernelPath(Array(path.utf8)), isHidden: true) == kind)
  }

  @Test(
    "only the last \" (deleted)\" of a path was added by the kernel",
    arguments: [
      ("/a", "/a", false), ("/a (deleted)", "/a", true),
      ("/a (deleted) (deleted)", "/a (deleted)", true), ("/a (deleted)/b", "/a (deleted)/b", false),
      (" (deleted)", "", true), ("(deleted)", "(deleted)", false), ("", "", false),
      ("/a (Deleted)", "/a (Deleted)", false), ("/a (deleted) ", "/a (deleted) ", false),
    ])
  func mark(_ path: String, _ without: String, _ isMarked: Bool) {
    let shown = KernelPath(Array(path.utf8))
    #expect(shown.isMarked == isMarked && shown.withoutMark == Array(without.utf8))
    #expect(shown.shown == Array(path.utf8))
  }

  @Test("a region's own name can end in \" (deleted)\"")
  func name() throws {
    let plain = TestName("mark")
    let odd = try RegionReference("\(plain.name) (deleted)")
    let made = try Region.create(odd, size: page)
    defer { try? made.unlink() }
    // The descriptor of the creation was open before the region had its name, and shows another path.
    let region = try Region.open(odd)
    func shown(_ raw: CInt) throws -> KernelPath {
      KernelPath(try FileSystem.link(FilePath("/proc/self/fd/\(raw)")).bytes)
    }
    let identity = try region.status().identity
    let path = try shown(region.rawDescriptor)
    #expect(path.isMarked && path.isName(of: identity))
    _ = try Region.create(plain.reference, size: page)
    let removed = try Region.open(plain.reference)
    #expect(unsafe unlink("/dev/shm/\(plain.name)") == 0)
    // The kernel shows the same text for both.
    let removedPath = try shown(removed.rawDescriptor)
    let removedIdentity = try removed.status().identity
    #expect(removedPath.shown == path.shown && !removedPath.isName(of: removedIdentity))
    #expect(removedPath.isName(of: identity))
  }

  @Test("no path makes the parser trap")
  func noise() {
    var generator = SeededGenerator(seed: 0x5A9D)
    var kinds: Set<RegionKind> = []
    for seed in ["/memfd:x (deleted)", "/SYSV0000beef (deleted)", "/dev/shm/sem.x"] {
      for _ in 0..<5_000 {
        let path = KernelPath(generator.input(like: Array(seed.utf8)))
        kinds.insert(RegionKind(path, isHidden: nil))
        _ = RegionKind(path, isHidden: generator.next() % 2 == 0)
      }
    }
    #expect(kinds.isSuperset(of: [.memfd, .systemV, .semaphore, .file]))
  }
}
