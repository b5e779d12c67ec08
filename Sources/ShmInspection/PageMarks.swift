/// Merges the page states that several kernel interfaces report into runs of equal pages.
struct PageMarks {
  /// The bytes with a property, and the bytes that are known not to have it.
  struct Mark {
    var bytes = RangeSet<Int>()
    var others = RangeSet<Int>()
    var isComplete: Bool
  }

  var wired: Mark
  var huge: Mark
  /// nil if no page must be written to a device.
  var dirty: Mark?

  /// The runs of these states, divided at each change of a mark.
  ///
  /// - Complexity: linear in the runs and the ranges of the marks.
  func divide(_ states: [(range: Range<Int>, state: PageMap.State)]) -> [PageMap.Run] {
    var runs: [PageMap.Run] = []
    var wired = Reader(wired)
    var huge = Reader(huge)
    var dirty = dirty.map { Reader($0) }
    for (range, state) in states {
      guard state == .resident || state == .unknown else {
        runs.append(PageMap.Run(range, state))
        continue
      }
      var offset = range.lowerBound
      while offset < range.upperBound {
        var end = range.upperBound
        let isWired = wired.value(at: offset, &end)
        let isHuge = huge.value(at: offset, &end)
        let isDirty = dirty?.value(at: offset, &end)
        let run = PageMap.Run(
          offset..<end, state, isWired: isWired, isHuge: isHuge, isDirty: isDirty ?? nil)
        if let last = runs.last?.joined(with: run) {
          runs[runs.count - 1] = last
        } else {
          runs.append(run)
        }
        offset = end
      }
    }
    return runs
  }

  /// Answers queries at increasing offsets.
  private struct Reader {
    private var bytes: Cursor
    private var others: Cursor
    private let isComplete: Bool

    init(_ mark: Mark) {
      bytes = Cursor(mark.bytes)
      others = Cursor(mark.others)
      isComplete = mark.isComplete
    }

    /// nil if unknown; `end` is reduced to the next change.
    mutating func value(at offset: Int, _ end: inout Int) -> Bool? {
      if bytes.contains(offset, &end) { return true }
      if isComplete { return false }
      return others.contains(offset, &end) ? false : nil
    }
  }

  /// Goes through the ranges of a set once, for offsets that only grow.
  private struct Cursor {
    private let ranges: [Range<Int>]
    private var index = 0

    init(_ set: RangeSet<Int>) {
      ranges = Array(set.ranges)
    }

    /// Whether an offset is in the set; `end` is reduced to the next change.
    mutating func contains(_ offset: Int, _ end: inout Int) -> Bool {
      while index < ranges.count, ranges[index].upperBound <= offset { index += 1 }
      guard index < ranges.count else { return false }
      let range = ranges[index]
      let isIn = range.lowerBound <= offset
      end = min(end, isIn ? range.upperBound : range.lowerBound)
      return isIn
    }
  }
}
