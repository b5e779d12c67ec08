import CShm
import ShmCore
import SystemPackage

extension PageStateScan {
  /// The pages of a range in the page cache; nil on an old kernel, in a sandbox, and for files of other users.
  /// cachestat(2)
  func statistics(of range: Range<Int>) -> cshm_cachestat? {
    try? descriptor.cacheStatistics(of: range)
  }

  /// Divides a range into runs in which either all pages or no page belong to a count.
  ///
  /// A run is followed in steps that double, and its end is found in steps that halve: a long one
  /// takes few calls, and no page is counted more than a few times.
  ///
  /// - Parameters:
  ///   - range: whole pages, not empty.
  ///   - count: of the kernel's counts the one that matters, in pages.
  ///   - body: called with each run in order, and whether the count has it.
  /// - Returns: false without counts; the rest of the range was not divided then.
  func divide(
    _ range: Range<Int>, by count: (cshm_cachestat) -> UInt64, _ body: (Range<Int>, Bool) -> Void
  ) -> Bool {
    // All of the range at once is the most frequent answer.
    guard let whole = statistics(of: range) else { return false }
    let counted = count(whole)
    if counted == 0 || counted == UInt64(range.count / pageSize) {
      body(range, counted > 0)
      return true
    }
    var offset = range.lowerBound
    while offset < range.upperBound {
      guard let first = statistics(of: offset..<offset + pageSize) else { return false }
      let isCounted = count(first) > 0
      /// Whether the pages from `end` are in the state of the first page; false after the range.
      func isAlike(_ end: Int, _ length: Int) -> Bool {
        guard length <= range.upperBound - end, let more = statistics(of: end..<end + length)
        else { return false }
        return count(more) == (isCounted ? UInt64(length / pageSize) : 0)
      }
      var end = offset + pageSize
      var step = pageSize
      while isAlike(end, step) {
        end += step
        step = min(step, Int.max / 4) * 2
      }
      while step > pageSize {
        step /= 2
        if isAlike(end, step) { end += step }
      }
      body(offset..<end, isCounted)
      offset = end
    }
    return true
  }
}
