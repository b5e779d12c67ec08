import Glibc
import ShmTestSupport
import SystemPackage
import Testing

@testable import ShmCore

@Suite("The holes of a file")
struct HoleFinderTests {
  /// The parts of `range` with data in a file of `size` bytes, of which `data` was written.
  private func parts(_ size: Int, data: [Range<Int>], in range: Range<Int>) throws -> [Range<Int>] {
    let region = try Region.anonymous("x", size: max(1, size))
    for part in data {
      try region.store(Array(repeating: 1, count: part.count), at: part.lowerBound)
    }
    if size == 0 { try region.descriptor.truncate(to: 0) }
    var holes = HoleFinder(region.rawDescriptor)
    var parts: [Range<Int>] = []
    holes.forEachData(in: range) { parts.append($0) }
    return parts
  }

  @Test("only the parts with data are found")
  func data() throws {
    let found = try parts(8 * page, data: [page..<2 * page, 4 * page..<6 * page], in: 0..<8 * page)
    #expect(found == [page..<2 * page, 4 * page..<6 * page])
    #expect(
      try parts(8 * page, data: [page..<2 * page], in: page + 5..<3 * page) == [page + 5..<2 * page]
    )
    #expect(try parts(8 * page, data: [], in: 0..<8 * page).isEmpty)
  }

  // Byte by byte this would take years.
  @Test("bytes beyond the end of a shortened file are one part", arguments: [0, 1, 3])
  func shorter(_ pages: Int) throws {
    let end = pages * page
    let found = try parts(end, data: [0..<end], in: 0..<1 << 60)
    #expect(found == (end == 0 ? [] : [0..<end]) + [end..<1 << 60])
    #expect(try parts(end + page, data: [], in: page..<1 << 60) == [end + page..<1 << 60])
  }
}
