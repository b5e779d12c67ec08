import Glibc
import ShmTestSupport
import SystemPackage
import Testing

@testable import ShmCore

@Suite("Small types of the library")
struct SmallTypeTests {
  @Test("the kernel's flags show whether a mapping is locked")
  func locked() throws {
    let region = try Region.anonymous("t", size: 2 * page)
    var mapping = try Mapping(of: region)
    let before = LockedMappings.cover(mapping.pages, 0..<2 * page)
    try mapping.wire(0..<page)
    let first = LockedMappings.cover(mapping.pages, 0..<page)
    let all = LockedMappings.cover(mapping.pages, 0..<2 * page)
    #expect((before, first, all) == (false, true, false))
  }

  @Test("sizes that no region can have are refused, and all other sizes accepted")
  func sizes() throws {
    for size in [1, page, page + 1, RegionSize.largest] {
      try RegionSize.check(size, pageSize: page, "cannot try")
    }
    try RegionSize.check(4 << 20, pageSize: 2 << 20, "cannot try")
    for size in [0, -1, Int.min] {
      error(.usage) { try RegionSize.check(size, pageSize: page, "cannot try") }
    }
    for size in [RegionSize.largest + 1, Int.max] {
      error(.noSpace) { try RegionSize.check(size, pageSize: page, "cannot try") }
    }
    error(.doesNotFit) { try RegionSize.check(3 << 20, pageSize: 2 << 20, "cannot try") }
  }

  @Test("an answer names the limit that refuses and a remedy, or neither of them")
  func answer() throws {
    let limits = try WiringLimits.current()
    let yes = WiringAnswer(limits, need: 1)
    let no = WiringAnswer(limits, need: 1 << 60)
    #expect(no.refusing != nil && no.isYes == false && no.shortage != nil)
    if (limits.verdict.available ?? 0) >= page {
      #expect(yes.isYes != false && yes.refusing == nil && yes.shortage == nil)
    }
    #expect(limits.verdict.allows(1 << 60) == false)
  }

  @Test("an owner of addresses unmaps them at its end")
  func pages() throws {
    func isMapped(_ address: UInt) throws -> Bool {
      let maps = try FileSystem.contents(of: "/proc/self/maps")
      return ProcText.lines(maps).compactMap { ProcessMap(parsing: $0) }
        .contains { $0.addresses.contains(UInt64(address)) && $0.identity.inode != 0 }
    }
    let region = try Region.anonymous("t", size: page)
    var address: UInt = 0
    do {
      let mapping = try Mapping(of: region)
      address = mapping.address
      #expect(try isMapped(address))
    }
    // Another test may map something there meanwhile, but not this region again.
    let maps = try FileSystem.contents(of: "/proc/self/maps")
    let identity = try region.status().identity
    #expect(
      !ProcText.lines(maps).compactMap { ProcessMap(parsing: $0) }
        .contains { $0.identity == identity })
  }
}
