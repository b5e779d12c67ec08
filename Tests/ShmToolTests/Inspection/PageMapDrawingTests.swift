import ShmCore
import ShmInspection
import Testing

@testable import shmtool

@Suite("The drawn page map")
struct PageMapDrawingTests {
  private static let page = PageMath.pageSize

  /// A map of runs that are given in pages.
  private func map(_ runs: [(Int, PageMap.State, wired: Bool, huge: Bool)]) -> PageMap {
    var start = 0
    return PageMap(
      runs: runs.map { count, state, isWired, isHuge in
        defer { start += count * Self.page }
        return PageMap.Run(
          start..<start + count * Self.page, state, isWired: isWired, isHuge: isHuge)
      }, pageSize: Self.page)
  }

  private func drawn(_ map: PageMap, _ width: Int, colour: Bool = false) -> String {
    let drawing = PageMapDrawing(map, width: width - 12)
    let lines = drawing.lines(
      label: { offset in
        let label = "\(offset / Self.page)"
        return String(repeating: " ", count: 10 - label.count) + label + "  "
      }, isColoured: colour)
    return ([drawing.scale] + lines + drawing.legend(isColoured: colour))
      .joined(separator: "\n").replacing("\u{1B}", with: "^")
  }

  private var every: PageMap {
    map([
      (60, .resident, false, false), (3, .swapped, false, false), (11, .hole, false, false),
      (20, .reserved, false, false), (9, .resident, true, false), (70, .resident, false, true),
      (2, .onDevice, false, false), (1, .unknown, false, false),
    ])
  }

  @Test(
    "each page has its own mark if all marks fit 80 columns",
    .enabled(if: PageMath.pageSize == 4096, "needs pages of 4 KiB"))
  func narrow() {
    #expect(
      drawn(every, 80) == """
        a mark is one page, 4 KiB
                 0  RRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRSSS.
                64  ..........====================WWWWWWWWWHHHHHHHHHHHHHHHHHHHHHHHHH
               128  HHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHOO?
        S swapped
        W wired
        H huge pages
        R resident
        = reserved, never written
        O on the device
        ? unknown
        . hole
        """)
  }

  @Test(
    "the map uses a width of 200 columns",
    .enabled(if: PageMath.pageSize == 4096, "needs pages of 4 KiB")
  )
  func wide() {
    #expect(
      drawn(every, 200) == """
        a mark is one page, 4 KiB
                 0  RRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRSSS...........\
        ====================WWWWWWWWWHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHH
               160  HHHHHHHHHHHHHOO?
        S swapped
        W wired
        H huge pages
        R resident
        = reserved, never written
        O on the device
        ? unknown
        . hole
        """)
  }

  @Test(
    "one differing page among thousands is shown by a small letter",
    .enabled(if: PageMath.pageSize == 4096, "needs pages of 4 KiB"))
  func mixed() {
    let map = map([
      (1000, .resident, false, false), (1, .swapped, false, false),
      (999, .resident, false, false), (1, .resident, true, false), (1023, .hole, false, false),
      (1, .reserved, false, false), (1071, .hole, false, false),
    ])
    #expect(
      drawn(map, 80) == """
        a mark is 8 pages, 32 KiB
                 0  RRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRR
               512  RRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRsRR
              1024  RRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRR
              1536  RRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRw.....
              2048  ................................................................
              2560  ..........................................................-.....
              3072  ................................................................
              3584  ................................................................
        s swapped
        w wired
        R resident
        - reserved, never written
        . hole
        lower-case letters and -: only some of these pages
        """)
  }

  @Test(
    "colours do not change the marks, and are set once for each run",
    .enabled(if: PageMath.pageSize == 4096, "needs pages of 4 KiB"))
  func coloured() {
    #expect(
      drawn(every, 80, colour: true) == """
        a mark is one page, 4 KiB
                 0  ^[32mRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRR^[0m^[31mSSS^[0m^[2m.^[0m
                64  ^[2m..........^[0m^[34m====================^[0m^[1;32mWWWWWWWWW^[0m^[36mHHHHHHHHHHHHHHHHHHHHHHHHH^[0m
               128  ^[36mHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHH^[0m^[35mOO^[0m^[1;35m?^[0m
        ^[31mS^[0m swapped
        ^[1;32mW^[0m wired
        ^[36mH^[0m huge pages
        ^[32mR^[0m resident
        ^[34m=^[0m reserved, never written
        ^[35mO^[0m on the device
        ^[1;35m?^[0m unknown
        ^[2m.^[0m hole
        """)
    let plain = drawn(every, 80)
    let coloured = drawn(every, 80, colour: true)
    #expect(coloured.replacing(/\^\[[0-9;]*m/, with: "") == plain)
  }

  @Test("each kind of page has its own mark, also without colours")
  func distinct() {
    let marks = PageMapDrawing.Kind.allCases.map(\.marks)
    #expect(Set(marks.map(\.all)).count == marks.count)
    #expect(Set(marks.map(\.some)).count == marks.count)
  }

  @Test(
    "the map has at most 8 lines, for any size and width",
    arguments: [1, 7, 8, 31, 32, 33, 68, 188, 988])
  func bounds(_ width: Int) {
    for pages in [1, 2, 31, 32, 33, 255, 256, 257, 1 << 20, 1 << 34] {
      let drawing = PageMapDrawing(map([(pages, .hole, false, false)]), width: width)
      let lines = drawing.lines(label: { _ in "" }, isColoured: false)
      #expect((1...8).contains(lines.count))
      #expect(lines.allSatisfy { $0.count <= max(8, width) })
    }
    #expect(
      PageMapDrawing(map([]), width: width).lines(label: { _ in "" }, isColoured: false) == [])
  }
}
