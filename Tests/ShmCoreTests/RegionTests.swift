import CShm
import Glibc
import ShmTestSupport
import SystemPackage
import Testing

@testable import ShmCore

@Suite("Regions by name")
struct RegionTests {
  @Test(
    "a region has exactly the requested size",
    arguments: [1, page - 1, page, page + 1, 3 * page])
  func size(_ size: Int) throws {
    let name = TestName()
    let region = try Region.create(name.reference, size: size)
    let status = try region.status()
    #expect(status.size == size)
    #expect(status.allocated == PageMath.pages(size) * page)
    #expect(status.owner == geteuid())
    #expect(status.links == 1)
    #expect(status.pageSize == page)
    #expect(try region.contents(0..<size).allSatisfy { $0 == 0 })
  }

  @Test("a size of 0 or less is a usage error and leaves no name", arguments: [0, -1, Int.min])
  func noByte(_ size: Int) throws {
    let name = TestName()
    let reference = try name.reference
    error(.usage) { _ = try Region.create(reference, size: size) }
    #expect(!name.exists)
    error(.usage) { _ = try Region.anonymous("x", size: size) }
  }

  @Test(
    "a size larger than the memory is refused and leaves no name", arguments: [1 << 50, Int.max])
  func absurd(_ size: Int) throws {
    let name = TestName()
    let reference = try name.reference
    let failure = error(.noSpace) { _ = try Region.create(reference, size: size) }
    #expect(failure?.reason.contains("needs \(ByteCount(size)), but ") == true)
    #expect(!name.exists)
  }

  @Test(
    "a region has the requested mode, with any umask", arguments: [0o600, 0o666, 0o000, 0o640])
  func mode(_ mode: CModeT) throws {
    let name = TestName()
    let region = try Region.create(
      name.reference, size: 1, options: .init(mode: FilePermissions(rawValue: mode)))
    #expect(try region.status().mode.rawValue == mode)
  }

  @Test("a sparse region has no memory")
  func sparse() throws {
    let name = TestName()
    let region = try Region.create(
      name.reference, size: 64 << 20, options: .init(reserve: false))
    #expect(try region.status().allocated == 0)
    #expect(try region.status().size == 64 << 20)
  }

  @Test("a second creation fails because the name is in use, and keeps the first region")
  func exclusive() throws {
    let name = TestName()
    let reference = try name.reference
    let region = try Region.create(reference, size: 10)
    try region.store([7], at: 3)
    error(.exists) { _ = try Region.create(reference, size: 20) }
    #expect(try Region.open(reference).contents(0..<10) == [0, 0, 0, 7, 0, 0, 0, 0, 0, 0])
  }

  @Test("a region becomes visible only when its contents are complete")
  func incompleteIsInvisible() throws {
    let name = TestName()
    let region = try Region.create(
      name.reference, size: 4,
      contents: { (region) throws(ShmError) in
        #expect(!name.exists)
        try region.store([1, 2, 3, 4], at: 0)
      })
    #expect(name.exists)
    #expect(try region.contents(0..<4) == [1, 2, 3, 4])
  }

  @Test("a region whose contents cannot be written never becomes visible")
  func contentsFail() throws {
    let name = TestName()
    let reference = try name.reference
    error(.inputOutput) {
      _ = try Region.create(
        reference, size: 4,
        contents: { (_) throws(ShmError) in throw ShmError(.inputOutput, "a", "b") })
    }
    #expect(!name.exists)
  }

  @Test("the reservation of memory reports its progress until the end")
  func progress() throws {
    let name = TestName()
    var seen: [Int] = []
    let size = Reservation.chunk + page
    _ = try Region.create(name.reference, size: size, progress: { seen.append($0) })
    // The first step is short: other processes take memory, too, so the room is checked again soon.
    #expect(seen.first == 0 && seen.last == size && seen.count >= 3)
    for (before, after) in zip(seen, seen.dropFirst()) {
      #expect(after > before && after - before <= Reservation.chunk)
    }
  }

  @Test("if O_TMPFILE is refused, a region under its name cannot be opened until it is complete")
  func createdByName() throws {
    let name = TestName()
    let site = try CreationSite(name.reference)
    let options = Region.CreationOptions(mode: [.ownerReadWrite, .groupRead])
    let region = try site.createNamed(size: page, options: options, progress: { _ in }) {
      (region) throws(ShmError) in
      #expect(try region.status().mode.isEmpty)
      try region.store([9], at: page - 1)
    }
    #expect(try region.status().mode.rawValue == 0o640)
    #expect(try region.contents(page - 1..<page) == [9])
    error(.exists) {
      _ = try site.createNamed(
        size: 1, options: options, progress: { _ in }, contents: { _ in })
    }
    #expect(name.exists, "a failed creation removes nothing of others")
  }

  @Test("a region that was created under its name is removed if its contents fail")
  func createdByNameFails() throws {
    let name = TestName()
    let site = try CreationSite(name.reference)
    error(.aborted) {
      _ = try site.createNamed(size: page, options: .init(), progress: { _ in }) {
        (_) throws(ShmError) in throw ShmError(.aborted, "a", "b")
      }
    }
    #expect(!name.exists)
  }

  @Test("a path creates a file on a tmpfs")
  func file() throws {
    let name = TestName()
    let region = try Region.create(try RegionReference(name.path), size: 5)
    #expect(try region.fileSystem().kind == .tmpfs)
    #expect(name.exists)
    #expect(try Region.open(name.reference).status().identity == region.status().identity)
    try region.unlink()
    #expect(!name.exists)
  }

  @Test("no region is created on a disk, in a missing directory, or without a name")
  func elsewhere() throws {
    error(.notSharedMemory) { _ = try Region.create(try RegionReference("/proc/none"), size: 1) }
    error(.notFound) { _ = try Region.create(try RegionReference("/dev/shm/no/x"), size: 1) }
    error(.usage) { _ = try Region.create(try RegionReference("sysv:1"), size: 1) }
    error(.usage) { _ = try Region.create(try RegionReference("pid:1:1"), size: 1) }
  }

  @Test("one of many concurrent creators succeeds, and its region is intact")
  func race() async throws {
    for _ in 0..<50 {
      let name = TestName()
      let reference = try name.reference
      let winners = await withTaskGroup(of: UInt8?.self) { group in
        for byte in UInt8(1)...4 {
          group.addTask {
            (try? Region.create(
              reference, size: 64,
              contents: { (region) throws(ShmError) in
                try region.store(Array(repeating: byte, count: 64), at: 0)
              }
            ).reference) == nil ? nil : byte
          }
        }
        return await group.reduce(into: [UInt8]()) { if let byte = $1 { $0.append(byte) } }
      }
      try #require(winners.count == 1)
      let contents = try Region.open(reference).contents(0..<64)
      try #require(contents == Array(repeating: winners[0], count: 64))
    }
  }

  @Test("an opened region has the contents that another program wrote")
  func opened() throws {
    let name = TestName()
    let region = try Region.create(name.reference, size: 8)
    try region.store([5], at: 7)
    let reader = try Region.open(name.reference, access: .readOnly)
    #expect(try reader.contents(0..<8) == [0, 0, 0, 0, 0, 0, 0, 5])
    #expect(throws: ShmError.self) { try reader.store([1], at: 0) }
    let looker = try Region.open(name.reference, access: .status)
    #expect(try looker.status().size == 8)
    #expect(throws: ShmError.self) { _ = try looker.contents(0..<1) }
  }

  @Test("a missing region is reported as not found")
  func missing() throws {
    let reference = try TestName().reference
    for access in [Region.Access.status, .readOnly, .readWrite] {
      let failure = error(.notFound) { _ = try Region.open(reference, access: access) }
      #expect(failure?.errorNumber == ENOENT)
    }
    error(.notFound) { _ = try Region.open(.descriptor(process: Int32.max, number: 0)) }
    error(.notFound) { _ = try Region.open(.descriptor(process: getpid(), number: 1 << 30)) }
    error(.usage) { _ = try Region.open(.systemV(0)) }
  }

  @Test(
    "a file that is not regular is refused without a hang, and is kept",
    arguments: ["directory", "link", "dangling link", "FIFO", "socket"])
  func others(_ kind: String) throws {
    let name = TestName()
    let target = TestName()
    _ = try Region.create(target.reference, size: 1)
    try SystemCall.check {
      switch kind {
      case "directory": return unsafe mkdir(name.path, 0o700)
      case "link": return unsafe symlink(target.path, name.path)
      case "dangling link": return unsafe symlink("/none", name.path)
      case "socket": return unsafe mknod(name.path, S_IFSOCK | 0o600, 0)
      default: return unsafe mkfifo(name.path, 0o600)
      }
    }
    defer { _ = unsafe remove(name.path) }
    for access in [Region.Access.status, .readOnly, .readWrite] {
      error(.notSharedMemory) { _ = try Region.open(try name.reference, access: access) }
      error(.notSharedMemory) {
        _ = try Region.open(try RegionReference(name.path), access: access)
      }
    }
    error(.exists) { _ = try Region.create(try name.reference, size: 1) }
    #expect((try? FileSystem.status(FilePath(name.path))) != nil)
  }

  @Test(
    "a region whose mode denies access is reported as not permitted",
    .enabled(if: geteuid() != 0, "needs an ordinary user"))
  func notPermitted() throws {
    let name = TestName()
    _ = try Region.create(name.reference, size: 1, options: .init(mode: .ownerRead))
    error(.notPermitted) { _ = try Region.open(try name.reference) }
    #expect(try Region.open(name.reference, access: .readOnly).status().size == 1)
  }

  @Test("openOrCreate opens or creates, and reports which")
  func openOrCreate() throws {
    let name = TestName()
    var isNew = false
    let first = try Region.openOrCreate(name.reference, size: page, isNew: &isNew)
    #expect(isNew)
    let second = try Region.openOrCreate(name.reference, size: page, isNew: &isNew)
    #expect(!isNew)
    #expect(try first.status().identity == second.status().identity)
    let failure = error(.exists) {
      _ = try Region.openOrCreate(try name.reference, size: page + 1, isNew: &isNew)
    }
    #expect(failure?.reason.contains("\(page) bytes") == true)
    #expect(try first.status().size == page)
  }

  @Test("unlinking removes the name, and processes that map the region keep it")
  func unlink() throws {
    let name = TestName()
    let region = try Region.create(name.reference, size: 4)
    try region.unlink()
    #expect(!name.exists)
    #expect(try region.status().links == 0)
    try region.store([1], at: 0)
    error(.notFound) { try region.unlink() }
  }

  @Test("a name that now refers to another region is not removed", arguments: [true, false])
  func replaced(_ byPath: Bool) throws {
    let (name, other) = (TestName(), TestName())
    let reference = byPath ? try RegionReference(name.path) : try name.reference
    let region = try Region.create(reference, size: 4)
    let replacement = try Region.create(other.reference, size: 8)
    try FileSystem.rename(FilePath(other.path), to: FilePath(name.path))
    error(.notFound) { try region.unlink() }
    #expect(try Region.open(reference).status().identity == replacement.status().identity)
  }

  @Test("a region without a name cannot be removed")
  func nameless() throws {
    let region = try Region.anonymous("x", size: 1)
    error(.usage) { try region.unlink() }
  }
}
