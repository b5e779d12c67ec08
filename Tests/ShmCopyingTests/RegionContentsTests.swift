import CShm
import Glibc
import ShmTestSupport
import SystemPackage
import Testing

@testable import ShmCore
@testable import ShmCopying

@Suite("The contents by system call")
struct ContentsTests {
  @Test(
    "reads and writes work at every page boundary",
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

  @Test("a read past the end returns 0 bytes, a write past the end is an error")
  func past() throws {
    let region = try Region.anonymous("x", size: page)
    for offset in [page, page + 1, 1 << 40] {
      #expect(try region.contents(offset..<offset + 5).isEmpty)
      error(.inputOutput) { try region.store([1], at: offset) }
    }
    #expect(try region.status().size == page)
  }

  @Test("invalid offsets are refused", arguments: [-1, Int.min, Int.max, Int.max - 1])
  func absurd(_ offset: Int) throws {
    let region = try Region.anonymous("x", size: page)
    #expect(throws: ShmError.self) { try region.store([1, 2], at: offset) }
    if offset < 0 {
      #expect(throws: ShmError.self) { _ = try region.contents(offset..<offset + 1) }
    }
    #expect(try region.contents(0..<page).allSatisfy { $0 == 0 })
  }

  @Test("access to bytes that another descriptor cut off is an error, and does not grow the region")
  func shrunk() throws {
    let name = TestName()
    let region = try Region.create(name.reference, size: 3 * page)
    try Region.open(name.reference).resize(to: page, mayShrink: true)
    let failure = error(.inputOutput) { try region.store([1], at: page) }
    #expect(failure?.reason.contains("another process shrank it to ") == true)
    #expect(try region.contents(0..<3 * page).count == page)
    #expect(try region.status().size == page)
    error(.inputOutput) { try region.readWhole(ScratchBuffer("x"), 0..<page + 1, "x") }
    error(.inputOutput) { try region.fill(.byte(1), range: 0..<page + 1) }
  }
}
