import CShm
import Glibc
import ShmTestSupport
import Synchronization
import SystemPackage
import Testing

@testable import ShmCore
@testable import ShmCopying

@Suite("Filling and verifying")
struct FillTests {
  private static let size = (1 << 20) + 4099

  @Test(
    "the result does not depend on the number of threads",
    arguments: [
      FillPattern.zero, .byte(3), .pattern([1, 2, 3, 4, 5, 6, 7]), .sequence, .random(seed: 9),
    ], [1, 2, 3, 64])
  func threads(_ pattern: FillPattern, _ threads: Int) throws {
    let region = try Region.anonymous("x", size: Self.size)
    try region.fill(.byte(0xFF))
    try region.fill(pattern, threads: threads)
    #expect(try region.verify(pattern, threads: 5 - min(threads, 4)) == nil)
    let sample = Self.size - 100..<Self.size
    var expected = [UInt8](repeating: 0, count: 100)
    unsafe expected.withUnsafeMutableBytes {
      unsafe pattern.generate(into: $0, at: sample.lowerBound, rangeStart: 0)
    }
    #expect(try region.contents(sample) == expected)
  }

  @Test(
    "fill changes no byte outside its range",
    arguments: [0, 1, 7, page - 1, page, page + 1, 262_143, 262_144],
    [1, 8, page, 262_145])
  func range(_ start: Int, _ count: Int) throws {
    let region = try Region.anonymous("x", size: Self.size)
    let range = start..<start + count
    for pattern in [FillPattern.byte(1), .random(seed: 1), .pattern([5, 6, 7])] {
      try region.fill(pattern, range: range, threads: 2)
      #expect(try region.verify(pattern, range: range, threads: 2) == nil)
      #expect(try region.verify(.zero, range: range.upperBound..<Self.size) == nil)
      if start > 0 { #expect(try region.verify(.zero, range: 0..<start) == nil) }
    }
  }

  @Test("verify reports the first difference and the number of differences", arguments: [1, 4])
  func differences(_ threads: Int) throws {
    let region = try Region.anonymous("x", size: Self.size)
    try region.fill(.random(seed: 5))
    for offset in [17, page, 300_000, Self.size - 1] {
      let old = try region.contents(offset..<offset + 1)[0]
      try region.store([old ^ 0x10], at: offset)
    }
    #expect(
      try region.verify(.random(seed: 5), threads: threads) == Difference(first: 17, count: 4))
    #expect(
      try region.verify(.random(seed: 5), range: 18..<Self.size, threads: threads)
        == Difference(first: page, count: 3))
    #expect(try region.verify(.random(seed: 5), range: 18..<page) == nil)
  }

  @Test("verify changes no byte of the region")
  func verifyReads() throws {
    let region = try Region.anonymous("x", size: 4 * page, reserve: false)
    let reader = try Region.open(region.reference, access: .readOnly)
    #expect(try reader.verify(.zero) == nil)
    #expect(try reader.verify(.byte(1))?.count == 4 * page)
    #expect(try region.status().allocated == 0)
  }

  @Test("an empty range is a usage error, a range past the end an input/output error")
  func refused() throws {
    let region = try Region.anonymous("x", size: page)
    for range in [0..<0, page..<page, -1..<1] {
      error(.usage) { try region.fill(.zero, range: range) }
      error(.usage) { _ = try region.verify(.zero, range: range) }
    }
    for range in [0..<page + 1, page..<page + 1, 0..<Int.max] {
      error(.inputOutput) { try region.fill(.zero, range: range) }
      error(.inputOutput) { _ = try region.verify(.zero, range: range) }
    }
  }

  @Test("fill and verify report their progress until the end")
  func progress() throws {
    let region = try Region.anonymous("x", size: Self.size)
    var last = -1
    try region.fill(.byte(1), threads: 2) { done in
      #expect(done >= last)
      last = done
    }
    #expect(last == Self.size)
  }
}
