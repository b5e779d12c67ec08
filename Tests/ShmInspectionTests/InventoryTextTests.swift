import Glibc
import ShmTestSupport
import SystemPackage
import Testing

@testable import ShmCore
@testable import ShmInspection

@Suite("The texts that the inventory reads")
struct InventoryTextTests {
  private let lines = """
    7f00-8000 r-xp 00000000 fe:00 42        /usr/lib/libc.so
    8000-9000 rw-s 00001000 00:1b 7         /dev/shm/cache
    9000-a000 rw-p 00000000 00:00 0         [heap]
    a000-b000 rw-s 00000000 00:01 0         /SYSV00001234 (deleted)
    b000-c000 r--p 00000000 00:1b 8         /dev/shm/a b (deleted)

    """

  private func found(_ text: [UInt8], _ wanted: Set<UInt64>) -> [ProcessMap] {
    var found: [ProcessMap] = []
    MapsText.forEach(in: text, count: text.count, isWanted: { wanted.contains($0) }) {
      found.append($0)
    }
    return found
  }

  @Test("only lines of the requested devices are found")
  func maps() {
    let text = bytes(lines)
    #expect(found(text, [0x1B]).map(\.identity.inode) == [7, 8])
    #expect(found(text, [0x1]).map(\.isSegment) == [true])
    #expect(found(text, [0xFE00]).map(\.path) == [bytes("/usr/lib/libc.so")])
    #expect(found(text, []).isEmpty)
    // Memory that is no file's is never asked for.
    #expect(found(text, [0]).isEmpty)
    var less: [ProcessMap] = []
    MapsText.forEach(in: text, count: 60, isWanted: { _ in true }) { less.append($0) }
    #expect(less.count == 1)
  }

  @Test("the search finds the same lines of this process as a full parser")
  func own() throws {
    let text = try FileSystem.contents(of: "/proc/self/maps")
    let every = ProcText.lines(text).compactMap { ProcessMap(parsing: $0) }
    let devices = Set(every.map(\.identity.device)).subtracting([0])
    #expect(found(text, devices) == every.filter { $0.identity.device != 0 })
  }

  @Test("PROCMAP_QUERY reports the same mappings as the text of maps")
  func numbers() throws {
    var buffer = [UInt8](repeating: 0, count: 8192)
    var told: [ProcessMap] = []
    let answer = try ProcessDirectory.forEachFileMapping(
      try ProcessDirectory(getpid()).openMappings(), buffer: &buffer, isWanted: { _ in true },
      { told.append($0) })
    let text = try FileSystem.contents(of: "/proc/self/maps")
    // Before Linux 6.11 there is no answer, and the text is read.
    guard answer == true else { return }
    let written = Set(
      ProcText.lines(text).compactMap { ProcessMap(parsing: $0) }.filter { $0.identity.device != 0 }
    )
    // Other tests map and unmap meanwhile; the program and its libraries stay.
    #expect(told.count > 10 && written.intersection(told).count > 10)
    #expect(told.allSatisfy { $0.identity.device != 0 && !$0.path.isEmpty })
  }

  @Test("a line of /proc/sysvipc/shm is parsed")
  func segment() throws {
    let line =
      "      4660      32769  3600                 65536   970  971      2  1000   100     0     0 1795562470          0 1795562471                  8192                  4096"
    let segment = try #require(SystemVSegment(parsing: bytes(line)[...]))
    #expect((segment.key, segment.identifier, segment.mode) == (0x1234, 32769, .ownerReadWrite))
    #expect((segment.size, segment.creator, segment.attaches) == (65536, 970, 2))
    #expect((segment.owner, segment.group, segment.changed) == (1000, 100, 1_795_562_471))
    #expect((segment.resident, segment.swapped) == (8192, 4096))
    #expect(segment.isLocked && segment.isRemoved)
    let negative = line.replacing("      4660 ", with: "-559038737 ")
    #expect(SystemVSegment(parsing: bytes(negative)[...])?.key == 0xDEAD_BEEF)
    #expect(SystemVSegment(parsing: bytes("       key      shmid perms")[...]) == nil)
  }

  @Test("a path shows the name of a region, without the mark that the kernel added")
  func names() {
    func name(_ path: String, _ kind: RegionKind) -> String {
      String(decoding: RegionPathName.name(KernelPath(bytes(path)), kind), as: UTF8.self)
    }
    #expect(name("/dev/shm/cache", .posix) == "cache")
    #expect(name("/dev/shm/sem.x", .semaphore) == "sem.x")
    #expect(name("/dev/shm/a (deleted)", .posix) == "a (deleted)")
    #expect(name("/dev/shm/a/b (deleted)", .file) == "/dev/shm/a/b (deleted)")
    #expect(name("/memfd:a (deleted) (deleted)", .memfd) == "a (deleted)")
    #expect(name("/memfd:a/b (deleted)", .memfd) == "a/b")
    #expect(name("/memfd: (deleted)", .memfd) == "")
    #expect(name("/dev/zero (deleted)", .anonymous) == "")
    #expect(name("/drm mm object (deleted)", .other) == "drm mm object")
    #expect(name("", .other) == "")
  }

  @Test("a mount hides the files below its mount point, and ends at a slash")
  func mounts() {
    let table = MountTable(
      parsing: bytes(
        """
        1 0 254:0 / / rw - ext4 /dev/vda rw
        2 1 0:27 / /dev/shm rw - tmpfs tmpfs rw
        3 2 254:1 / /dev/shm/disk rw - ext4 /dev/vdb rw
        4 1 0:30 / /huge rw - hugetlbfs none rw,pagesize=2M
        5 1 0:31 / /over rw - tmpfs tmpfs rw
        6 5 254:2 / /over rw - ext4 /dev/vdc rw
        """))
    let mounts = MemoryMounts(table, hidden: [1: false, 15: true])
    for path in ["/dev/shm/x", "/dev/shm", "/huge/x", "/memfd:x (deleted)", "/dev/shm/x (deleted)"]
    {
      #expect(mounts.isMemory(bytes(path)[...]), "\(path)")
    }
    for path in ["/x", "/dev/shmx", "/dev/shm/disk/x", "/over/x", "socket:[1]", "", "memfd:x"] {
      #expect(!mounts.isMemory(bytes(path)[...]), "\(path)")
    }
    #expect(mounts.isMemory(0x1B) && mounts.isMemory(1) && !mounts.isMemory(0xFE00))
    #expect(mounts.isHuge(0x1E) && mounts.isHuge(15) && !mounts.isHuge(0x1B))
  }

  @Test("ranges that overlap are counted once")
  func union() {
    #expect(WiringFacts.union([]) == 0)
    #expect(WiringFacts.union([5..<10, 0..<6, 7..<8, 20..<30]) == 20)
    #expect(WiringFacts.union([0..<UInt64.max]) == Int.max)
  }

  @Test("the wired bytes of a status are found without parsing its other fields")
  func wired() {
    #expect(
      ProcessStatus.wired(in: bytes("Name:\tx\nVmLck:\t      12 kB\nVmPin:\t 0 kB\n")[...]) == 12288
    )
    #expect(ProcessStatus.wired(in: bytes("Name:\tVmLck\n")[...]) == nil)
  }

  @Test("no text makes a parser trap")
  func fuzz() {
    var generator = SeededGenerator(seed: 0x1157)
    let text = bytes(lines)
    let segment = bytes(
      "4660 1 2600 65536 9770 9770 1 0 0 0 0 1795562470 0 1795562470 8192 0")
    let path = bytes("/memfd:foo (deleted)")
    var parsed = 0
    for _ in 0..<20_000 {
      let noise = generator.input(like: text)
      MapsText.forEach(
        in: noise, count: Int(generator.next() % 400), isWanted: { $0 % 2 == 1 }
      ) { _ in parsed += 1 }
      if SystemVSegment(parsing: generator.input(like: segment)[...]) != nil { parsed += 1 }
      let shown = KernelPath(generator.input(like: path))
      _ = RegionPathName.name(shown, RegionKind(shown, isHidden: generator.next() % 2 == 0))
      _ = ProcessStatus.wired(in: noise[...])
      DirectoryEntries.forEachNumber(in: generator.input(like: path)[...]) { _ in parsed += 1 }
    }
    #expect(parsed > 1000, "parsed \(parsed)")
  }
}

/// In processes of their own: a process that another test has just forked has this one's descriptors for
/// a moment, and is a user.
@Suite("The inventory")
struct RegionInventoryTests {
  @Test("the inventory lists a region with its users, and changes neither its pages nor its times")
  func current() async {
    await #expect(processExitsWith: .success) {
      let name = TestName()
      let region = try Region.create(
        try name.reference, size: 4 * page, options: Region.CreationOptions(reserve: false))
      try region.store([1], at: page)
      func entry() throws -> RegionInventory.Entry {
        try #require(
          try RegionInventory.current().entries.first { $0.name == bytes(name.name) })
      }
      let first = try entry()
      #expect(first.kind == .posix && first.size == 4 * page && first.allocated == page)
      #expect((first.resident ?? 0) + (first.swapped ?? 0) == page)
      #expect(first.reference == (try name.reference) && !first.isRemoved)
      // This test has it open, and is not among the users.
      #expect(first.use == .unseen && first.users.isEmpty)
      let second = try entry()
      #expect((first.resident, first.swapped) == (second.resident, second.swapped))
      #expect(first.status?.modified == second.status?.modified)
      withExtendedLifetime(name) {}
    }
  }

  @Test("a region is removed only if it is unused at that moment, and by its inode")
  func unlinkUnused() async {
    await #expect(processExitsWith: .success) {
      let name = TestName()
      let reference = try name.reference
      var region = try Region.create(reference, size: page)
      let looked = try Region.open(reference, access: .status)
      #expect(try looked.unlinkIfUnused() == .used([]))
      #expect(name.exists)
      region = try Region.open(reference, access: .status)
      #expect(try region.unlinkIfUnused() == .unused)
      #expect(!name.exists)
      // Another one under the name is not the one that was looked at.
      _ = try Region.create(reference, size: page)
      #expect((try? looked.unlinkIfUnused()) != .unused)
      #expect(name.exists)
      withExtendedLifetime(name) {}
    }
  }
}
