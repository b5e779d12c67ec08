import Glibc
import ShmCore
import ShmTestSupport
import Testing

@Suite("Rounding to pages")
struct PageMathTests {
  @Test("the page size is the system's")
  func pageSize() {
    #expect(PageMath.pageSize == Int(getpagesize()))
  }

  @Test(
    "values next to a page boundary are rounded correctly",
    arguments: [
      (0, 0, 0, 0), (1, 0, page, 1), (page - 1, 0, page, 1), (page, page, page, 1),
      (page + 1, page, 2 * page, 2), (2 * page - 1, page, 2 * page, 2),
    ])
  func boundaries(_ value: Int, _ down: Int, _ up: Int, _ pages: Int) {
    #expect(PageMath.roundDown(value) == down)
    #expect(PageMath.roundUp(value) == up)
    #expect(PageMath.pages(value) == pages)
  }

  @Test(
    "rounding up a value that would overflow returns nil",
    arguments: [Int.max, Int.max - 1, Int.max - page + 2])
  func overflow(_ value: Int) {
    #expect(PageMath.roundUp(value) == nil)
    #expect(PageMath.roundDown(value) == Int.max - page + 1)
    #expect(PageMath.outward(1..<value) == 0..<Int.max)
    #expect(PageMath.pages(value) == Int.max / page + 1)
  }

  @Test("the largest multiple rounds to itself")
  func largest() {
    let largest = Int.max - page + 1
    #expect(PageMath.roundUp(largest) == largest)
    #expect(PageMath.roundUp(largest - 1) == largest)
  }

  private static let ranges: [(Range<Int>, Range<Int>)] = [
    (0..<1, 0..<page), (0..<page, 0..<page), (0..<page + 1, 0..<2 * page),
    (page - 1..<page, 0..<page), (page - 1..<page + 1, 0..<2 * page),
    (page..<page + 1, page..<2 * page), (1..<3 * page, 0..<3 * page),
  ]

  @Test("rounding outward includes every page that a range touches", arguments: ranges)
  func outward(_ range: Range<Int>, _ pages: Range<Int>) {
    #expect(PageMath.outward(range) == pages)
  }

  @Test(
    "rounding an empty range outward returns no page", arguments: [0, 1, page - 1, page, page + 1])
  func outwardOfNothing(_ offset: Int) {
    #expect(PageMath.outward(offset..<offset).isEmpty)
  }

  @Test("values are rounded to other units than pages", arguments: [1, 2, 2 << 20, 1 << 30])
  func units(_ unit: Int) {
    #expect(PageMath.roundUp(unit, to: unit) == unit)
    #expect(PageMath.roundUp(unit + 1, to: unit) == 2 * unit)
    #expect(PageMath.roundDown(2 * unit - 1, to: unit) == (unit == 1 ? 1 : unit))
    #expect(PageMath.pages(3 * unit, of: unit) == 3)
  }
}
