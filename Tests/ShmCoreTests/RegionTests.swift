import CShm
import Glibc
import ShmTestSupport
import SystemPackage
import Testing

@testable import ShmCore

@Suite("Regions by name")
struct RegionTests {
  @Test(
    "are created with exactly the size that was asked",
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

  @Test("of no byte, or less, are usage errors and leave no name", arguments: [0, -1, Int.min])
  func noByte(_ size: Int) throws {
    let name = TestName()
    let reference = try name.reference
    error(.usage) { _ = try Region.create(reference, size: size) }
    #expect(!name.exists)
    error(.usage) { _ = try Region.anonymous("x", size: size) }
  }

  @Test("larger than memory are refused and leave no name", arguments: [1 << 50, Int.max])
  func absurd(_ size: Int) throws {
    let name = TestName()
    let reference = try name.reference
    let failure = error(.noSpace) { _ = try Region.create(reference, size: size) }
    #expect(failure?.reason.contains("\(ByteCount(size)) are wanted") == true)
    #expect(!name.exists)
  }

  @Test(
    "have the mode that was asked, whatever the umask", arguments: [0o600, 0o666, 0o000, 0o640])
  func mode(_ mode: UInt16) throws {
    let name = TestName()
    let region = try Region.create(name.reference, size: 1, options: .init(mode: mode))
    #expect(try region.status().mode == mode)
  }

  @Test("take no memory when they are sparse")
  func sparse() throws {
    let name = TestName()
    let region = try Region.create(
      name.reference, size: 64 << 20, options: .init(reserve: false))
    #expect(try region.status().allocated == 0)
    #expect(try region.status().size == 64 << 20)
  }

  @Test("are exclusive: a second creation finds the name taken, and the first one intact")
  func exclusive() throws {
    let name = TestName()
    let reference = try name.reference
    let region = try Region.create(reference, size: 10)
    try region.store([7], at: 3)
    error(.exists) { _ = try Region.create(reference, size: 20) }
    #expect(try Region.open(reference).contents(0..<10) == [0, 0, 0, 7, 0, 0, 0, 0, 0, 0])
  }

  @Test("do not appear before they hold what they are to hold")
  func unseen() throws {
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

  @Test("do not appear where their contents fail")
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

  @Test("report the progress of their reservation, to the end")
  func progress() throws {
    let name = TestName()
    var seen: [Int] = []
    let size = Reservation.chunk + page
    _ = try Region.create(name.reference, size: size, progress: { seen.append($0) })
    #expect(seen == [0, Reservation.chunk, size])
  }

  @Test("made under their name, where O_TMPFILE is refused, are nobody's until they are whole")
  func createdByName() throws {
    let name = TestName()
    let site = try CreationSite(name.reference)
    let options = Region.CreationOptions(mode: 0o640)
    let region = try site.createNamed(size: page, options: options, progress: { _ in }) {
      (region) throws(ShmError) in
      #expect(try region.status().mode == 0)
      try region.store([9], at: page - 1)
    }
    #expect(try region.status().mode == 0o640)
    #expect(try region.contents(page - 1..<page) == [9])
    error(.exists) {
      _ = try site.createNamed(
        size: 1, options: options, progress: { _ in }, contents: { _ in })
    }
    #expect(name.exists, "a failed creation removes nothing of others")
  }

  @Test("made under their name go away where their contents fail")
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

  @Test("are created as files on a tmpfs by a path")
  func file() throws {
    let name = TestName()
    let region = try Region.create(try RegionReference(name.path), size: 5)
    #expect(try region.fileSystem().kind == .tmpfs)
    #expect(name.exists)
    #expect(try Region.open(name.reference).status().identity == region.status().identity)
    try region.unlink()
    #expect(!name.exists)
  }

  @Test("are not created where pages would be a disk's, nor in no directory, nor without a name")
  func elsewhere() throws {
    error(.corrupt) { _ = try Region.create(try RegionReference("/proc/none"), size: 1) }
    error(.notFound) { _ = try Region.create(try RegionReference("/dev/shm/no/x"), size: 1) }
    error(.usage) { _ = try Region.create(try RegionReference("sysv:1"), size: 1) }
    error(.usage) { _ = try Region.create(try RegionReference("pid:1:1"), size: 1) }
  }

  @Test("one of many racing creators wins, and what it made is intact")
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

  @Test("are opened with the contents that others wrote")
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

  @Test("that are missing are told to be so")
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
    "are regular files: anything else at the name is refused without a hang and stays",
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
      error(.corrupt) { _ = try Region.open(try name.reference, access: access) }
      error(.corrupt) { _ = try Region.open(try RegionReference(name.path), access: access) }
    }
    error(.exists) { _ = try Region.create(try name.reference, size: 1) }
    #expect((try? FileSystem.status(FilePath(name.path))) != nil)
  }

  @Test("of another mode are not permitted", .enabled(if: geteuid() != 0, "needs an ordinary user"))
  func notPermitted() throws {
    let name = TestName()
    _ = try Region.create(name.reference, size: 1, options: .init(mode: 0o400))
    error(.notPermitted) { _ = try Region.open(try name.reference) }
    #expect(try Region.open(name.reference, access: .readOnly).status().size == 1)
  }

  @Test("are opened or created, and openers are told which")
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

  @Test("are removed by name and kept by who uses them")
  func unlink() throws {
    let name = TestName()
    let region = try Region.create(name.reference, size: 4)
    try region.unlink()
    #expect(!name.exists)
    #expect(try region.status().links == 0)
    try region.store([1], at: 0)
    error(.notFound) { try region.unlink() }
  }

  @Test("are not removed where the name means another region by now", arguments: [true, false])
  func replaced(_ byPath: Bool) throws {
    let (name, other) = (TestName(), TestName())
    let reference = byPath ? try RegionReference(name.path) : try name.reference
    let region = try Region.create(reference, size: 4)
    let replacement = try Region.create(other.reference, size: 8)
    try FileSystem.rename(FilePath(other.path), to: FilePath(name.path))
    error(.notFound) { try region.unlink() }
    #expect(try Region.open(reference).status().identity == replacement.status().identity)
  }

  @Test("without a name cannot be removed")
  func nameless() throws {
    let region = try Region.anonymous("x", size: 1)
    error(.usage) { try region.unlink() }
  }
}

@Suite("Sizes that change")
struct ResizeTests {
  @Test("grow with zeros and reserved memory", arguments: [1, page - 1, page, page + 1])
  func grow(_ size: Int) throws {
    let name = TestName()
    let region = try Region.create(name.reference, size: size)
    try region.store([7], at: size - 1)
    try region.resize(to: size + 2 * page)
    let status = try region.status()
    #expect(status.size == size + 2 * page)
    #expect(status.allocated == PageMath.pages(size + 2 * page) * page)
    #expect(try region.contents(size - 1..<size) == [7])
    #expect(try region.contents(size..<size + 2 * page).allSatisfy { $0 == 0 })
  }

  @Test("grow without memory when that is asked")
  func growSparse() throws {
    let name = TestName()
    let region = try Region.create(name.reference, size: page)
    try region.resize(to: 100 * page, reserve: false)
    #expect(try region.status().allocated == page)
  }

  @Test("shrink only when that is meant")
  func shrink() throws {
    let name = TestName()
    let region = try Region.create(name.reference, size: 3 * page)
    error(.usage) { try region.resize(to: page + 1) }
    #expect(try region.status().size == 3 * page)
    try region.resize(to: page + 1, mayShrink: true)
    #expect(try region.status().size == page + 1)
    #expect(try region.status().allocated == 2 * page)
    try region.resize(to: page + 1)
  }

  @Test("that cannot be are refused, and the size is what it was", arguments: [0, -1, Int.max])
  func refused(_ size: Int) throws {
    let name = TestName()
    let region = try Region.create(name.reference, size: page)
    error(size == .max ? .noSpace : .usage) { try region.resize(to: size, mayShrink: true) }
    #expect(try region.status().size == page)
    #expect(try region.status().allocated == page)
  }

  @Test("are refused by a seal, and nothing stays reserved")
  func sealed() throws {
    let region = try Region.anonymous("x", size: 2 * page)
    try region.add([.grow, .shrink])
    let grown = error(.notPermitted) { try region.resize(to: 3 * page) }
    #expect(grown?.reason.contains("shrink, grow") == true)
    error(.notPermitted) { try region.resize(to: page, mayShrink: true) }
    #expect(try region.status().size == 2 * page)
    #expect(try region.status().allocated == 2 * page)
  }
}

@Suite("Seals")
struct SealsTests {
  @Test("are words, alone and together")
  func words() {
    #expect(Seals(words: ["grow", "shrink,write"]) == [.grow, .shrink, .write])
    #expect(Seals(words: ["grow", "shrink"])?.words == ["shrink", "grow"])
    #expect(Seals(words: Seals.allWords)?.words == Seals.allWords)
    #expect(Seals(words: []) == [])
    #expect(Seals(words: ["Grow"]) == nil)
    #expect(Seals(words: ["grow,never"]) == nil)
  }

  @Test("have the kernel's numbers, there and back", arguments: 0..<UInt8(64))
  func numbers(_ bits: UInt8) {
    let seals = Seals(rawValue: bits)
    #expect(Seals(numbers: seals.numbers) == seals)
    #expect(seals.contains(.shrink) == (seals.numbers & 2 != 0))
    #expect(seals.contains(.grow) == (seals.numbers & 4 != 0))
    #expect(seals.contains(.seal) == (seals.numbers & 1 != 0))
  }

  @Test("are added to a memfd, one after the other, and never taken off")
  func add() throws {
    let region = try Region.anonymous("x", size: page)
    #expect(region.seals() == [])
    try region.add(.grow)
    try region.add(.shrink)
    #expect(region.seals() == [.grow, .shrink])
    try region.add(.seal)
    let failure = error(.notPermitted) { try region.add(.write) }
    #expect(failure?.reason.contains("further seals") == true)
    #expect(region.seals() == [.grow, .shrink, .seal])
  }

  @Test("against writing are busy while somebody has it mapped for writing")
  func busy() throws {
    let region = try Region.anonymous("x", size: page)
    let mapping = try Mapping(of: region)
    error(.busy) { try region.add(.write) }
    try region.add(.futureWrite)
    mapping.store(1, at: 0)
    try mapping.unmap()
    try region.add(.write)
    error(.notPermitted) { try region.store([1], at: 0) }
    error(.notPermitted) { _ = try Mapping(of: region) }
    #expect(try Mapping(of: region, protection: .readOnly).load(0) == 1)
  }

  @Test("are for memfds only")
  func notForNames() throws {
    let name = TestName()
    let region = try Region.create(name.reference, size: page)
    error(.corrupt) { try region.add(.grow) }
    #expect(region.seals()?.contains(.grow) != true)
  }

  @Test("are not added through a descriptor for reading")
  func readOnly() throws {
    let region = try Region.anonymous("x", size: page)
    let reader = try Region.open(region.reference, access: .readOnly)
    let failure = error(.notPermitted) { try reader.add(.grow) }
    #expect(failure?.reason.contains("reading only") == true)
  }
}

@Suite("Regions without a name")
struct AnonymousTests {
  @Test("hold what they should, reserved", arguments: [1, page - 1, page, page + 1])
  func create(_ size: Int) throws {
    let region = try Region.anonymous("label", size: size)
    let status = try region.status()
    #expect(status.size == size)
    #expect(status.links == 0)
    #expect(status.allocated == PageMath.pages(size) * page)
    let link = try FileSystem.link(FilePath("/proc/self/fd/\(region.rawDescriptor)"))
    #expect(link.string.hasPrefix("/memfd:label"))
  }

  @Test("are the same region by pid:PID:FD")
  func byDescriptor() throws {
    let region = try Region.anonymous("x", size: page)
    try region.store([3], at: 1)
    let other = try Region.open(
      try RegionReference("pid:\(getpid()):\(region.rawDescriptor)"))
    #expect(try other.status().identity == region.status().identity)
    #expect(try other.contents(0..<2) == [0, 3])
  }

  @Test("have a label of 249 bytes at most, without NUL", arguments: [0, 1, 248, 249, 250, 4096])
  func label(_ length: Int) throws {
    let label = String(repeating: "x", count: length)
    if length <= 249 {
      #expect(try Region.anonymous(label, size: 1).status().size == 1)
    } else {
      error(.usage) { _ = try Region.anonymous(label, size: 1) }
    }
    error(.usage) { _ = try Region.anonymous("a\0b", size: 1) }
  }

  @Test("larger than memory are refused")
  func absurd() {
    error(.noSpace) { _ = try Region.anonymous("x", size: .max) }
  }
}

@Suite("The contents by system call")
struct ContentsTests {
  @Test(
    "are read and written at every boundary",
    arguments: [0, 1, page - 1, page, page + 1, 2 * page - 1], [0, 1, page - 1, page, page + 1])
  func bounds(_ offset: Int, _ count: Int) throws {
    let size = 2 * page
    let region = try Region.anonymous("x", size: size)
    let data = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ 1) }
    guard offset + count <= size else {
      error(.inputOutput) { try region.store(data, at: offset) }
      #expect(try region.contents(0..<size).allSatisfy { $0 == 0 })
      #expect(try region.contents(offset..<offset + count).count == size - offset)
      return
    }
    try region.store(data, at: offset)
    #expect(try region.contents(offset..<offset + count) == data)
    let rest = try region.contents(0..<offset) + region.contents(offset + count..<size)
    #expect(rest.allSatisfy { $0 == 0 })
    #expect(try region.status().size == size)
  }

  @Test("past the end are no bytes to read, and an error to write")
  func past() throws {
    let region = try Region.anonymous("x", size: page)
    for offset in [page, page + 1, 1 << 40] {
      #expect(try region.contents(offset..<offset + 5).isEmpty)
      error(.inputOutput) { try region.store([1], at: offset) }
    }
    #expect(try region.status().size == page)
  }

  @Test("at offsets that cannot be are errors", arguments: [-1, Int.min, Int.max, Int.max - 1])
  func absurd(_ offset: Int) throws {
    let region = try Region.anonymous("x", size: page)
    #expect(throws: ShmError.self) { try region.store([1, 2], at: offset) }
    if offset < 0 {
      #expect(throws: ShmError.self) { _ = try region.contents(offset..<offset + 1) }
    }
    #expect(try region.contents(0..<page).allSatisfy { $0 == 0 })
  }

  @Test("that another descriptor has cut off are an error, and the region does not grow again")
  func shrunk() throws {
    let name = TestName()
    let region = try Region.create(name.reference, size: 3 * page)
    try Region.open(name.reference).resize(to: page, mayShrink: true)
    let failure = error(.inputOutput) { try region.store([1], at: page) }
    #expect(failure?.reason.contains("another process has made it smaller") == true)
    #expect(try region.contents(0..<3 * page).count == page)
    #expect(try region.status().size == page)
    error(.inputOutput) { try region.readWhole(ScratchBuffer(), 0..<page + 1, "x") }
    error(.inputOutput) { try region.fill(.byte(1), range: 0..<page + 1) }
  }
}
