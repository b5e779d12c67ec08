/// A number of bytes as a person reads it.
package struct ByteCount: Hashable, Sendable, CustomStringConvertible {
  /// The bytes.
  package let bytes: Int

  /// A number of bytes.
  package init(_ bytes: Int) {
    self.bytes = bytes
  }

  /// In the largest binary unit that leaves one digit or more before the point: `64 MiB`,
  /// `1.5 GiB`, `100 B`. A tenth at the most, rounded to the nearest.
  package var description: String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
    let magnitude = bytes.magnitude
    var unit = 0
    // A value that would round to 1024 of one unit is 1 of the next.
    while unit < units.count - 1,
      unit == 0 ? magnitude >= 1024 : tenths(magnitude, shift: 10 * unit) >= 10240
    {
      unit += 1
    }
    let sign = bytes < 0 ? "-" : ""
    if unit == 0 { return "\(sign)\(magnitude) B" }
    let tenths = tenths(magnitude, shift: 10 * unit)
    let fraction = tenths % 10 == 0 ? "" : ".\(tenths % 10)"
    return "\(sign)\(tenths / 10)\(fraction) \(units[unit])"
  }

  /// In the largest unit of which it is a whole number, so that nothing is rounded away: `8188 KiB`.
  package var exact: String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
    let unit = bytes == 0 ? 0 : min(units.count - 1, bytes.trailingZeroBitCount / 10)
    return "\(bytes >> (10 * unit)) \(units[unit])"
  }

  /// This number and another, so that two that differ never read the same: exact if rounding would
  /// hide the difference.
  package func distinguished(from other: ByteCount) -> (String, String) {
    bytes != other.bytes && description == other.description
      ? (exact, other.exact) : (description, other.description)
  }

  private func tenths(_ magnitude: UInt, shift: Int) -> UInt {
    let whole = magnitude >> shift
    let rest = magnitude & ((1 << shift) - 1)
    // rest < 2^60, so ten times it fits.
    return whole * 10 + (rest * 10 + (1 << (shift - 1))) >> shift
  }
}
