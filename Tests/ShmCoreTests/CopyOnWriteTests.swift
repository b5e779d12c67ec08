import Glibc
import ShmCopying
import ShmTestSupport
import SystemPackage
import Testing

@testable import ShmCore

@Suite("Copy-on-write")
struct CopyOnWriteTests {
  @Test("written pages become private copies, and the region keeps its bytes")
  func pages() throws {
    let name = TestName()
    let region = try Region.create(try name.reference, size: 1000 * page)
    try region.fill(.random(seed: 3))
    let before = try region.contents(0..<1000 * page)
    let mapping = try Mapping(of: region, sharing: .private)
    #expect(try mapping.copiedBytes() == 0)
    // A page that is read is not copied.
    for number in 0..<1000 { _ = mapping.load(number * page) }
    #expect(try mapping.copiedBytes() == 0)
    // 137 of them, each once more than once: 7 and 1000 have no factor in common.
    for number in 0..<137 {
      mapping.store(1, at: 7 * number % 1000 * page + number)
      mapping.store(2, at: 7 * number % 1000 * page + page - 1)
    }
    #expect(try mapping.copiedBytes() == 137 * page)
    let written = Set((0..<137).map { 7 * $0 % 1000 })
    for number in 0..<1000 {
      let part = number * page..<number * page + 1
      #expect(try mapping.copiedBytes(in: part) == (written.contains(number) ? page : 0))
    }
    #expect(try region.contents(0..<1000 * page) == before)
    #expect(try region.verify(.random(seed: 3)) == nil)
    // Writes of other processes are visible only in pages that were not copied.
    try region.store([9], at: 1 * page)
    try region.store([9], at: 7 * page)
    #expect(mapping.load(1 * page) == 9)
    #expect(mapping.load(7 * page) == before[7 * page])
    #expect(try mapping.copiedBytes() == 137 * page)
  }

  @Test(
    "the copies of another process are counted, and a shared mapping has 0 copies",
    .enabled(if: TestEnvironment.has("python3"), "needs python3"))
  func others() throws {
    let name = TestName()
    let region = try Region.create(try name.reference, size: 20 * page)
    let mapping = try Mapping(of: region)
    mapping.store(1, at: 0)
    #expect(try mapping.copiedBytes() == 0)
    let child = try Child(
      [
        "/usr/bin/env", "python3", "-c",
        """
        import mmap, os, sys, time
        file = os.open(sys.argv[1], os.O_RDWR)
        pages = mmap.mmap(file, 0, mmap.MAP_PRIVATE, mmap.PROT_READ | mmap.PROT_WRITE)
        for page in range(5): pages[page * mmap.PAGESIZE] = 1
        shared = mmap.mmap(file, 0)
        shared[0] = 2
        os.pwrite(file, b"done", 10 * mmap.PAGESIZE)
        time.sleep(60)
        """, name.path,
      ])
    let process = child.identifier
    let isDone = try eventually {
      try region.contents(10 * page..<10 * page + 4) == bytes("done")
    }
    let path = bytes(name.path)
    let maps = (ProcessMap.all(of: process) ?? []).filter { $0.path == path }
    let copied = maps.map { CopiedPages.bytes(of: $0, in: process) }
    let shares = maps.map(\.isShared)
    child.send(SIGKILL)
    _ = try child.wait()
    #expect(isDone)
    #expect(maps.count == 2)
    for (bytes, isShared) in zip(copied, shares) { #expect(bytes == (isShared ? 0 : 5 * page)) }
    #expect(Set(shares) == [true, false])
    // The copies of an ended process are unknown.
    #expect(
      maps.first { !$0.isShared }.map { CopiedPages.bytes(of: $0, in: process) } == .some(nil))
  }

  @Test("copies are recognized by the entries of pagemap")
  func entries() {
    #expect(!CopiedPages.isOwn(0))
    #expect(CopiedPages.isOwn(1 << 63))
    #expect(CopiedPages.isOwn(1 << 62))
    #expect(!CopiedPages.isOwn(1 << 63 | 1 << 61))
    #expect(!CopiedPages.isOwn(1 << 62 | 1 << 61))
    #expect(!CopiedPages.isOwn(1 << 61))
  }
}
