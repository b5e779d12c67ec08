import CShm
import Glibc
import ShmTestSupport
import SystemPackage
import Testing

@testable import ShmCore

@Suite("Changing the size of a region")
struct ResizeTests {
  @Test("growing adds zeros and reserves memory", arguments: [1, page - 1, page, page + 1])
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

  @Test("growing reserves no memory on request")
  func growSparse() throws {
    let name = TestName()
    let region = try Region.create(name.reference, size: page)
    try region.resize(to: 100 * page, reserve: false)
    #expect(try region.status().allocated == page)
  }

  @Test("a region shrinks only on request")
  func shrink() throws {
    let name = TestName()
    let region = try Region.create(name.reference, size: 3 * page)
    error(.doesNotFit) { try region.resize(to: page + 1) }
    #expect(try region.status().size == 3 * page)
    try region.resize(to: page + 1, mayShrink: true)
    #expect(try region.status().size == page + 1)
    #expect(try region.status().allocated == 2 * page)
    try region.resize(to: page + 1)
  }

  @Test("invalid sizes are refused, and the size does not change", arguments: [0, -1, Int.max])
  func refused(_ size: Int) throws {
    let name = TestName()
    let region = try Region.create(name.reference, size: page)
    error(size == .max ? .noSpace : .usage) { try region.resize(to: size, mayShrink: true) }
    #expect(try region.status().size == page)
    #expect(try region.status().allocated == page)
  }

  @Test("a seal refuses the size, and no memory stays reserved")
  func sealed() throws {
    let region = try Region.anonymous("x", size: 2 * page)
    try region.add([.grow, .shrink])
    let grown = error(.notPermitted) { try region.resize(to: 3 * page) }
    #expect(grown?.reason == "the seal 'grow' forbids it")
    let shrunk = error(.notPermitted) { try region.resize(to: page, mayShrink: true) }
    #expect(shrunk?.reason == "the seal 'shrink' forbids it")
    #expect(try region.status().size == 2 * page)
    #expect(try region.status().allocated == 2 * page)
  }
}
