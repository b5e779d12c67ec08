import ShmTestSupport
import SystemPackage
import Testing

@testable import ShmCore

@Suite("The table of mounts")
struct MountTableTests {
  private let table = MountTable(
    parsing: bytes(
      """
      22 1 0:20 / / rw,relatime - ext4 /dev/vda rw
      30 22 0:26 / /dev/shm rw,nosuid shared:4 - tmpfs tmpfs rw,size=64k,huge=within_size,noswap
      31 22 0:27 /inner /mnt/with\\040blank rw - hugetlbfs none rw,pagesize=2M
      32 30 0:28 / /dev/shm/below rw - tmpfs none rw
      nonsense
      33 22 0:29 / /short
      34 22 0:30 / /dev/shm rw - tmpfs later rw,size=1m

      """))

  @Test("well-formed lines are parsed, and other lines ignored")
  func lines() {
    #expect(table.mounts.map(\.kind) == ["ext4", "tmpfs", "hugetlbfs", "tmpfs", "tmpfs"])
    #expect(table.mounts[2].point == "/mnt/with blank")
    #expect(table.mounts[2].root == "/inner")
  }

  @Test("the mount of a path has the longest mount point, and is the last of equal ones")
  func longest() {
    #expect(table.mount(of: "/dev/shm/x")?.option("size") == "1m")
    #expect(table.mount(of: "/dev/shm/below/x")?.device == "0:28")
    #expect(table.mount(of: "/dev/shmx")?.kind == "ext4")
    #expect(table.mount(ofDevice: 26)?.option("huge") == "within_size")
    #expect(table.mount(ofDevice: 99) == nil)
  }

  @Test("options with a value, without a value, and missing options are distinguished")
  func options() {
    #expect(table.mounts[1].option("noswap")?.isEmpty == true)
    #expect(table.mounts[1].option("nosuid") != nil)
    #expect(table.mounts[1].option("siz") == nil)
  }

  @Test("no text makes the parser trap")
  func fuzz() {
    var generator = SeededGenerator(seed: 7)
    let line = bytes("30 22 0:26 / /dev/shm\\040x rw shared:4 - tmpfs tmpfs rw,size=64k\n")
    for _ in 0..<5000 { _ = MountTable(parsing: generator.input(like: line)) }
  }
}

@Suite("The host's figures")
struct HostFigureTests {
  private func number(_ path: FilePath) throws -> Int? {
    try ProcText.lines(FileSystem.contents(of: path)).first.flatMap { ProcText.decimal($0) }
  }

  @Test("the figures of the pools equal their files in /sys")
  func pools() throws {
    for pool in HugePagePool.all() {
      #expect(try number(pool.sizeFile) == pool.total)
      #expect(pool.available == max(0, pool.free - pool.reserved))
      #expect(HugePagePool.pool(ofPageSize: pool.pageSize)?.total == pool.total)
      #expect(pool.shortage(of: (pool.available + pool.spare) * pool.pageSize) == nil)
      let more = pool.spare + 3
      let shortage = try #require(pool.shortage(of: (pool.available + more) * pool.pageSize))
      #expect(shortage.reason.contains("has \(pool.available) available of \(pool.total)"))
      #expect(
        shortage.limit
          == LimitShortage(.hugePages(pageSize: pool.pageSize), needed: pool.total + more))
    }
    #expect(HugePagePool.pool(ofPageSize: 12345) == nil)
  }

  @Test("the kernel's settings equal their files in /proc/sys")
  func settings() throws {
    let settings = KernelSettings.current()
    #expect(try number("/proc/sys/vm/max_map_count") == settings.maximumMappings)
    #expect(try number("/proc/sys/vm/overcommit_memory") == settings.overcommit)
  }

  @Test("the figures of /dev/shm equal those of statvfs")
  func sharedMemory() throws {
    let mount = try #require(SharedMemoryMount.current())
    #expect(mount.fileSystem.kind == .tmpfs)
    #expect(mount.fileSystem.total == (try MemoryFileSystem.at("/dev/shm").total))
  }

  @Test("processes with wired memory are sorted by amount, and their sum is correct")
  func host() throws {
    let host = try HostWiring.current()
    #expect(host.processes == host.holders.reduce(0) { $0 + $1.wired })
    #expect(host.holders.map(\.wired) == host.holders.map(\.wired).sorted(by: >))
  }

  @Test("the limit found by trying equals the kernel's limit")
  func probe() throws {
    let limits = try WiringLimits.current()
    let found = try WiringProbe.largest()
    // Other tests of this process wire for a moment, so it may be a little less.
    if limits.isExempt {
      #expect(found == nil)
    } else if let soft = limits.soft {
      #expect(try #require(found) <= soft)
    }
    #expect(try WiringProbe.largest(ceiling: page) ?? page <= page)
  }
}
