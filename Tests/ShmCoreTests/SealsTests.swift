import CShm
import Glibc
import ShmTestSupport
import SystemPackage
import Testing

@testable import ShmCore

@Suite("Seals")
struct SealsTests {
  @Test("seals are parsed from words and printed as words")
  func words() {
    #expect(Seals(words: ["grow", "shrink,write"]) == [.grow, .shrink, .write])
    #expect(Seals(words: ["grow", "shrink"])?.words == ["shrink", "grow"])
    #expect(Seals(words: Seals.allWords)?.words == Seals.allWords)
    #expect(Seals(words: []) == [])
    #expect(Seals(words: ["Grow"]) == nil)
    #expect(Seals(words: ["grow,never"]) == nil)
  }

  @Test("seals are converted to the kernel's bits and back", arguments: 0..<UInt8(64))
  func numbers(_ bits: UInt8) {
    let seals = Seals(rawValue: bits)
    #expect(Seals(numbers: seals.numbers) == seals)
    #expect(seals.contains(.shrink) == (seals.numbers & 2 != 0))
    #expect(seals.contains(.grow) == (seals.numbers & 4 != 0))
    #expect(seals.contains(.seal) == (seals.numbers & 1 != 0))
  }

  @Test("seals of a memfd are added one after the other, and cannot be removed")
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

  @Test("sealing against writing fails as busy while the memfd is mapped for writing")
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

  @Test("only a memfd can be sealed")
  func notForNames() throws {
    let name = TestName()
    let region = try Region.create(name.reference, size: page)
    error(.incompatible) { try region.add(.grow) }
    #expect(region.seals()?.contains(.grow) != true)
  }

  @Test("a read-only descriptor cannot add a seal")
  func readOnly() throws {
    let region = try Region.anonymous("x", size: page)
    let reader = try Region.open(region.reference, access: .readOnly)
    let failure = error(.notPermitted) { try reader.add(.grow) }
    #expect(failure?.reason == "it is open read-only")
  }
}
