extension Mapping.WiringReport {
  /// The report of a part of the wiring.
  ///
  /// - Parameters:
  ///   - part: bytes of the region, in whole pages, within `covered`.
  ///   - mapping: that was wired.
  /// - Returns: the wired bytes of the part.
  package func limited(to part: Range<Int>, by mapping: borrowing Mapping) -> Self {
    guard part != covered else { return self }
    // A partial wiring always covers the beginning of the range.
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
