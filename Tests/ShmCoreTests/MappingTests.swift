import Glibc
import ShmCopying
import ShmTestSupport
import SystemPackage
import Testing

@testable import ShmCore

@Suite("Mappings")
struct MappingTests {
  @Test("two mappings of a region share their bytes with each other and with the region")
  func shared() throws {
    let name = TestName()
    let region = try Region.create(try name.reference, size: 3 * page)
    let first = try Mapping(of: region)
    let second = try Mapping(of: region, protection: .readOnly)
    first.store(7, at: 2 * page + 5)
    #expect(second.load(2 * page + 5) == 7)
    #expect(try region.contents(2 * page + 5..<2 * page + 6) == [7])
    try region.store([9], at: 0)
    #expect(first.load(0) == 9)
    #expect(first.address != second.address)
    #expect(first.address % UInt(page) == 0)
    withExtendedLifetime(name) {}
  }

  @Test("changes of a private mapping stay private, and unchanged pages show the region")
  func isPrivate() throws {
    let name = TestName()
    let region = try Region.create(try name.reference, size: 2 * page)
    let mapping = try Mapping(of: region, sharing: .private)
    mapping.store(1, at: 0)
    try region.store([2], at: 0)
    try region.store([3], at: page)
    #expect(mapping.load(0) == 1)
    #expect(mapping.load(page) == 3)
    #expect(try region.contents(0..<1) == [2])
    withExtendedLifetime(name) {}
  }

  @Test(
    "a mapping covers the requested bytes at page boundaries", arguments: [1, page - 1, page])
  func ranges(_ count: Int) throws {
    let name = TestName()
    let region = try Region.create(try name.reference, size: 3 * page)
    try region.fill(.sequence)
    let mapping = try Mapping(of: region, range: page..<page + count, protection: .readOnly)
    #expect(mapping.count == count)
    #expect(mapping.range == page..<page + count)
    #expect(mapping.load(0) == UInt8(truncatingIfNeeded: page))
    #expect(mapping.load(count - 1) == (try region.contents(page + count - 1..<page + count))[0])
    withExtendedLifetime(name) {}
  }

  @Test(
    "a range that is empty, not page-aligned or past the end is refused",
    arguments: [
      (0..<0, .usage), (page..<page, .usage), (1..<page, .doesNotFit), (-page..<page, .usage),
      (0..<2 * page + 1, .inputOutput), (page..<Int.max, .inputOutput),
    ] as [(Range<Int>, ShmError.Kind)])
  func badRange(_ range: Range<Int>, _ code: ShmError.Kind) throws {
    let name = TestName()
    let region = try Region.create(try name.reference, size: 2 * page)
    error(code) { _ = try Mapping(of: region, range: range) }
    withExtendedLifetime(name) {}
  }

  @Test("a mapping is made at the requested address, and never over an existing mapping")
  func address() throws {
    let name = TestName()
    let region = try Region.create(try name.reference, size: page)
    var free = try Mapping(of: region).address
    // The first one is unmapped by now; another test may take its place, so look elsewhere, too.
    var placed = false
    for _ in 0..<50 where !placed {
      if let mapping = try? Mapping(of: region, at: free) {
        #expect(mapping.address == free)
        placed = true
        let taken = error(.busy) { _ = try Mapping(of: region, at: free) }
        #expect(taken?.reason.contains(String(free, radix: 16)) == true)
        #expect(mapping.load(0) == 0)
      }
      free -= UInt(64 << 20)
    }
    #expect(placed)
    withExtendedLifetime(name) {}
  }

  @Test("a mapping for writing needs a region that is open for writing")
  func protection() throws {
    let name = TestName()
    _ = try Region.create(try name.reference, size: page)
    let region = try Region.open(try name.reference, access: .readOnly)
    error(.notPermitted) { _ = try Mapping(of: region) }
    _ = try Mapping(of: region, sharing: .private)
    _ = try Mapping(of: region, protection: .readOnly)
    withExtendedLifetime(name) {}
  }

  @Test("a mapping for writing of a memfd that is sealed against it is refused")
  func sealed() throws {
    let region = try Region.anonymous("t", size: page)
    try region.add([.write])
    error(.notPermitted) { _ = try Mapping(of: region) }
    _ = try Mapping(of: region, protection: .readOnly)
  }

  @Test("a mapping keeps its pages after the region is closed and its name is removed")
  func outlives() throws {
    let name = TestName()
    var mapping: Mapping?
    do {
      let region = try Region.create(try name.reference, size: page)
      mapping = try Mapping(of: region)
      try region.unlink()
    }
    guard let mapping = mapping.take() else { return }
    mapping.store(1, at: 0)
    #expect(mapping.load(0) == 1)
    try mapping.unmap()
  }

  @Test("populating makes every page resident, and reports its progress")
  func populate() throws {
    let name = TestName()
    let region = try Region.create(
      try name.reference, size: 5 * page, options: Region.CreationOptions(reserve: false))
    let mapping = try Mapping(of: region)
    #expect(try mapping.residentBytes() == 0)
    #expect(try mapping.missingBytes() == 5 * page)
    try mapping.populate(page..<2 * page + 1)
    #expect(try mapping.residentBytes() == 2 * page)
    var told: [Int] = []
    try mapping.populate { told.append($0) }
    #expect(told.last == 5 * page)
    #expect(try mapping.residentBytes() == 5 * page)
    #expect(try mapping.missingBytes() == 0)
    withExtendedLifetime(name) {}
  }

  @Test("distinguishes reserved pages, which have memory but are not resident, from holes")
  func reserved() throws {
    let name = TestName()
    let region = try Region.create(try name.reference, size: 4 * page)
    let mapping = try Mapping(of: region)
    #expect(try mapping.residentBytes() == 0)
    #expect(try mapping.missingBytes() == 0)
    try region.store([1], at: page)
    #expect(try mapping.residentBytes() == page)
    #expect(try mapping.residentBytes(in: 0..<page) == 0)
    #expect(try mapping.residentBytes(in: page..<page + 1) == page)
    withExtendedLifetime(name) {}
  }

  @Test("populating a region that was shrunk is an error, not a signal")
  func shrunk() throws {
    let name = TestName()
    let region = try Region.create(try name.reference, size: 4 * page)
    let mapping = try Mapping(of: region)
    try region.resize(to: page, mayShrink: true)
    error(.inputOutput) { try mapping.populate() }
    #expect(try mapping.residentBytes() <= page)
    withExtendedLifetime(name) {}
  }

  @Test("a mapping accepts every advice that the kernel knows", arguments: Mapping.Advice.allCases)
  func advice(_ advice: Mapping.Advice) throws {
    let name = TestName()
    let region = try Region.create(try name.reference, size: 2 * page)
    let mapping = try Mapping(of: region)
    try mapping.advise(advice)
    try mapping.advise(advice, in: 1..<page)
    withExtendedLifetime(name) {}
  }
}
