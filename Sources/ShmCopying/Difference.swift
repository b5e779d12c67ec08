/// Where a region differs from what it should hold.
///
/// ```swift
/// let region = try Region.open(RegionReference("cache"), access: .readOnly)
/// if let difference = try region.verify(.zero) {
///   print("byte \(difference.first) is the first of \(difference.count) that differ")
/// }
/// ```
public struct Difference: Hashable, Sendable {
  /// Whether an input ended where the range of the region did.
  public enum Length: Hashable, Sendable {
    /// It did.
    case equal
    /// So many bytes before.
    case shorter(by: Int)
    /// So many bytes later; nil where that is not known, for a pipe is not read to its end.
    case longer(by: Int?)
  }

  /// The offset of the first byte that differs, or that only one of the two has.
  public let first: Int
  /// How many bytes differ of those that both have.
  public let count: Int
  /// Whether the input ended where the range did.
  public let length: Length

  init(first: Int, count: Int, length: Length = .equal) {
    self.first = first
    self.count = count
    self.length = length
  }
}
