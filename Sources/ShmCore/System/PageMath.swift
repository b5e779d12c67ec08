/// Page rounding, here and nowhere else.
package enum PageMath {
  /// The size of a page in bytes.
  package static var pageSize: Int { MemoryCalls.pageSize }

  /// `value` down to a multiple of `unit`, a power of two.
  package static func roundDown(_ value: Int, to unit: Int = pageSize) -> Int {
    value & ~(unit - 1)
  }

  /// `value` rounded up to a multiple of `unit`, a power of two; nil on overflow.
  package static func roundUp(_ value: Int, to unit: Int = pageSize) -> Int? {
    let (sum, overflow) = value.addingReportingOverflow(unit - 1)
    return overflow ? nil : roundDown(sum, to: unit)
  }

  /// The whole pages that `range` touches; empty for an empty range.
  package static func outward(_ range: Range<Int>, to unit: Int = pageSize) -> Range<Int> {
    let lower = roundDown(range.lowerBound, to: unit)
    if range.isEmpty { return lower..<lower }
    guard let upper = roundUp(range.upperBound, to: unit) else { return lower..<Int.max }
    return lower..<upper
  }

  /// The end of the last page of a file of `size` bytes. If the file extends to the last byte that an offset can
  /// address, the end of the page before, because no offset exists after the last page.
  package static func lastEnd(of size: Int, to unit: Int = pageSize) -> Int {
    roundUp(size, to: unit) ?? roundDown(size, to: unit)
  }

  /// The number of bytes from `address` to the end of its page.
  package static func bytesToPageEnd(_ address: UInt) -> Int {
    pageSize - Int(address % UInt(pageSize))
  }

  /// How many pages `bytes` bytes from the start of a page touch.
  package static func pages(_ bytes: Int, of unit: Int = pageSize) -> Int {
    bytes / unit + (bytes % unit == 0 ? 0 : 1)
  }
}
