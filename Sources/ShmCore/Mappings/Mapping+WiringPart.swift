extension Mapping.WiringReport {
  /// The report of a part of what was to be wired.
  ///
  /// - Parameters:
  ///   - part: bytes of the region, in whole pages, within `covered`.
  ///   - mapping: that was wired.
  /// - Returns: what of the part is wired.
  package func limited(to part: Range<Int>, by mapping: borrowing Mapping) -> Self {
    guard part != covered else { return self }
    // What is wired of less than all is its beginning.
    let done = part.clamped(to: covered.lowerBound..<covered.lowerBound + wired)
    let start = mapping.range.lowerBound
    let offsets = done.lowerBound - start..<done.upperBound - start
    let isThere = resident == wired
    return Self(
      covered: part, wired: done.count,
      resident: isThere ? done.count : (try? mapping.residentBytes(in: offsets)) ?? 0,
      marked: marked.map { _ in done.count })
  }
}
