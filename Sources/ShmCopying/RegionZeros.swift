import ShmCore

/// Writes zeros over ranges of a region. Holes get no memory, and reserved memory stays reserved.
struct RegionZeros: ~Copyable {
  /// The bytes that are cleared between two checks of signals and progress.
  static let step = 1 << 30

  private var zeros: PatternBytes?

  /// Writes zeros over the data of a range.
  ///
  /// - Parameters:
  ///   - range: in bytes.
  ///   - region: the region of `writer`.
  ///   - writer: of this thread.
  /// - Throws: `ShmError`: `inputOutput` if the region ends before the range does, `noSpace`, `notPermitted`.
  mutating func clear(
    _ range: Range<Int>, of region: borrowing Region, by writer: inout RegionWriter
  ) throws(ShmError) {
    try writer.check(range, of: region)
    var holes = HoleFinder(region.rawDescriptor)
    var start = range.lowerBound
    while start < range.upperBound {
      start += holes.hole(at: start, limit: range.upperBound)
      let data = holes.data(at: start, limit: range.upperBound)
      guard data > 0 else { continue }
      var zeros =
        if let made = self.zeros.take() { made } else { try PatternBytes(.zero, rangeStart: 0) }
      let part = start..<start + min(data, zeros.largest)
      try zeros.write(part, by: &writer, of: region)
      self.zeros = consume zeros
      start = part.upperBound
    }
  }
}
