import CShm
import Glibc
import ShmCopying
import ShmTestSupport
import SystemPackage
import Testing

@testable import ShmCore
@testable import ShmInspection

@Suite("The map of a region's pages")
struct PageMapTests {
  /// What each page of a region is.
  private func states(_ map: PageMap) -> [PageMap.State] {
    map.runs.flatMap { run in Array(repeating: run.state, count: run.range.count / map.pageSize) }
  }

  /// A sparse region with parts reserved and pages written.
  private func withRegion(
    pages: Int, reserved: [Range<Int>], written: [Int],
    _ body: (borrowing Region, [PageMap.State]) throws -> Void
  ) throws {
    let name = TestName()
    let region = try Region.create(
      try name.reference, size: pages * page, options: Region.CreationOptions(reserve: false))
    var expected = [PageMap.State](repeating: .hole, count: pages)
    for part in reserved {
      try region.descriptor.allocate(part.lowerBound * page..<part.upperBound * page, mode: 0)
      for index in part { expected[index] = .reserved }
    }
    for index in written {
      try region.store([1], at: index * page + index % page)
      expected[index] = .resident
    }
    try body(region, expected)
    withExtendedLifetime(name) {}
  }

  @Test(
    "holes, reserved pages and written pages are distinguished page by page",
    arguments: [
      (1, [], []), (1, [0..<1], []), (1, [], [0]), (1, [0..<1], [0]), (9, [2..<7], [3, 4]),
      (64, [0..<64], []), (64, [0..<64], Array(0..<64)), (64, [], [0, 63]),
      (64, [1..<2, 3..<4, 63..<64], [0, 2, 62]), (64, [0..<32], [0, 31, 32]),
      (
        64, stride(from: 0, to: 64, by: 2).map { $0..<$0 + 1 },
        stride(from: 0, to: 64, by: 4).map { $0 }
      ),
    ] as [(Int, [Range<Int>], [Int])])
  func known(_ pages: Int, _ reserved: [Range<Int>], _ written: [Int]) throws {
    try withRegion(pages: pages, reserved: reserved, written: written) { region, expected in
      let map = try PageMap(of: region)
      // If swap is in use, the kernel can take a page at any time.
      let found = states(map).map { $0 == .swapped ? .resident : $0 }
      #expect(found == expected)
      let counts = try PageCounts(of: region)
      func bytes(_ state: PageMap.State) -> Int { page * expected.count { $0 == state } }
      #expect(counts.hole == bytes(.hole))
      #expect(counts.reserved == bytes(.reserved))
      #expect((counts.resident ?? -1) + (counts.swapped ?? -1) == bytes(.resident))
      #expect(counts.allocated == bytes(.reserved) + bytes(.resident))
      #expect(counts.dirty == nil)
    }
  }

  @Test("a random sequence of page states is recognized page by page")
  func random() throws {
    var generator = SeededGenerator(seed: 0x9A9E)
    for _ in 0..<20 {
      let pages = 1 + Int(generator.next() % 300)
      func some() -> [Int] { (0..<pages).filter { _ in generator.next() % 3 == 0 } }
      let reserved = some().map { $0..<$0 + 1 }
      try withRegion(pages: pages, reserved: reserved, written: some()) { region, expected in
        let found = states(try PageMap(of: region)).map { $0 == .swapped ? .resident : $0 }
        #expect(found == expected)
      }
    }
  }

  @Test(
    "the map covers the region without a gap, to the end of its last page",
    arguments: [0, 1, page - 1, page, page + 1])
  func edges(_ size: Int) throws {
    let name = TestName()
    let descriptor = try FileSystem.openShared(
      FilePath("/" + name.name), O_RDWR | O_CREAT | O_EXCL, mode: 0o600)
    try descriptor.truncate(to: size)
    let map = try PageMap(of: try Region.open(try name.reference))
    let whole = PageMath.outward(0..<size).upperBound
    #expect(map.runs.map(\.range) == (size == 0 ? [] : [0..<whole]))
    #expect(map.bytes(.hole) == whole)
    withExtendedLifetime(name) {}
  }

  @Test(
    "the map of a sparse region of any size is short and quick", arguments: [100 << 30, 64 << 40])
  func sparse(_ size: Int) throws {
    let name = TestName()
    let region = try Region.create(
      try name.reference, size: size, options: Region.CreationOptions(reserve: false))
    for offset in [0, size / 2, size - page] { try region.store([1], at: offset) }
    try region.descriptor.allocate(size / 4..<size / 4 + 3 * page, mode: 0)
    let start = Clock.nanoseconds
    let map = try PageMap(of: region)
    #expect(Clock.nanoseconds - start < 2_000_000_000)
    #expect(map.runs.count == 7)
    #expect(map.bytes(.reserved) == 3 * page)
    #expect(map.bytes(.hole) == size - 6 * page)
    withExtendedLifetime(name) {}
  }

  @Test("one thread and all processors produce the same map of a large resident region")
  func large() throws {
    let name = TestName()
    let size = 4 * Mapping.chunk + 3 * page
    let region = try Region.create(try name.reference, size: size)
    try region.fill(.byte(1))
    var expected = [PageMap.State](repeating: .resident, count: size / page)
    let punch = cshm_FALLOC_FL_PUNCH_HOLE | cshm_FALLOC_FL_KEEP_SIZE
    // In the head, near its end, in the rest, and at both ends.
    for first in [0, 1000, size / page / 3 - 500, size / page / 2, size / page - 700] {
      let hole = first..<first + 700
      try region.descriptor.allocate(hole.lowerBound * page..<hole.upperBound * page, mode: punch)
      try region.descriptor.allocate(first * page..<(first + 200) * page, mode: 0)
      for index in hole { expected[index] = index < first + 200 ? .reserved : .hole }
    }
    let found = states(try PageMap(of: region)).map { $0 == .swapped ? .resident : $0 }
    #expect(found == expected)
    withExtendedLifetime(name) {}
  }

  @Test("the map of a file on a device shows cached and dirty pages")
  func onDevice() throws {
    let file = try TemporaryFile(Array(repeating: 7, count: 8 * page + 1))
    let region = try Region.open(
      try RegionReference("file:" + file.path), access: .readOnly)
    try #require(try region.fileSystem().kind == .other, "/tmp is a tmpfs here")
    let map = try PageMap(of: region)
    #expect(map.runs.last?.range.upperBound == 9 * page)
    #expect(map.bytes(.resident) == 9 * page)
    #expect(map.dirty != nil)
    try SystemCall.check { fsync(region.descriptor.raw) }
    #expect(try PageMap(of: region).dirty == 0)
  }

  @Test("a run ends at each page whose marks change")
  func marks() {
    var generator = SeededGenerator(seed: 0x3A4C)
    func set(_ count: Int) -> RangeSet<Int> {
      var set = RangeSet<Int>()
      for index in 0..<count where generator.next() % 3 == 0 {
        set.insert(contentsOf: index * page..<(index + 1) * page)
      }
      return set
    }
    for _ in 0..<300 {
      let count = 1 + Int(generator.next() % 40)
      var states: [(range: Range<Int>, state: PageMap.State)] = []
      for index in 0..<count {
        let state = PageMap.State.allCases[Int(generator.next() % 3)]
        states.append((index * page..<(index + 1) * page, state))
      }
      let isComplete = generator.next() % 2 == 0
      let marks = PageMarks(
        wired: PageMarks.Mark(bytes: set(count), others: set(count), isComplete: isComplete),
        huge: PageMarks.Mark(bytes: set(count), isComplete: true),
        dirty: generator.next() % 2 == 0
          ? PageMarks.Mark(bytes: set(count), isComplete: true) : nil)
      let runs = marks.divide(states)
      #expect(runs.first?.range.lowerBound == 0)
      #expect(runs.last?.range.upperBound == count * page)
      for (range, state) in states {
        let run = runs.first { $0.range.contains(range.lowerBound) }
        #expect(run?.state == state)
        guard state == .resident else { continue }
        let offset = range.lowerBound
        let isWired: Bool? =
          marks.wired.bytes.contains(offset)
          ? true : isComplete || marks.wired.others.contains(offset) ? false : nil
        #expect(run?.isWired == isWired)
        #expect(run?.isHuge == marks.huge.bytes.contains(offset))
        #expect(run?.isDirty == marks.dirty?.bytes.contains(offset))
      }
      for (run, next) in zip(runs, runs.dropFirst()) {
        #expect(run.range.upperBound == next.range.lowerBound)
        #expect(run.state != .resident || run.joined(with: next) == nil)
      }
    }
  }

  @Test("the result of mincore is read eight pages at a time, and completely")
  func residency() {
    var generator = SeededGenerator(seed: 0x3C04)
    for _ in 0..<500 {
      let count = 1 + Int(generator.next() % 100)
      let density = generator.next() % 4
      var bytes = (0..<(count + 7) / 8 * 8).map { _ in
        // Only the lowest bit is defined.
        UInt8(truncatingIfNeeded: generator.next()) & 0xFE
          | (density == 0 || generator.next() % (density * density + 1) == 0 ? 1 : 0)
      }
      if density == 3 { bytes = bytes.map { $0 | 1 } }
      let vector = stride(from: 0, to: bytes.count, by: 8).map { index in
        (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[index + $1]) << UInt64(8 * $1) }.littleEndian
      }
      var found: [Bool] = []
      var last: Bool?
      PageResidency(page..<(count + 1) * page, vector: vector).forEachRun { range, isIn in
        #expect(range.lowerBound == (found.count + 1) * page)
        #expect(isIn != last)
        last = isIn
        found += Array(repeating: isIn, count: range.count / page)
      }
      #expect(found == bytes.prefix(count).map { $0 & 1 != 0 })
    }
  }
}
