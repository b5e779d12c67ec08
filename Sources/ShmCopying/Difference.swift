/// A difference between a region and its expected contents.
///
/// ```swift
/// let region = try Region.open(RegionReference("cache"), access: .readOnly)
/// if let difference = try region.verify(.zero) {
///   print("byte \(difference.first) is the first of \(difference.count) that differ")
/// }
/// ```
public struct Difference: Hashable, Sendable {
  /// The length of an input compared with the range of the region.
  public enum Length: Hashable, Sendable {
    /// It did.
    case equal
    /// The input is that many bytes shorter.
    case shorter(by: Int)
    /// The input is that many bytes longer; nil if unknown, because a pipe is not read to its end.
    case longer(by: Int?)
  }

  /// The offset of the first byte that differs, or that only one of the two has.
  public let first: Int
  /// The number of differing bytes in the part that both have.
  public let count: Int
  /// The length of the input compared with the range.
  public let length: Length

  init(first: Int, count: Int, length: Length = .equal) {
    self.first = first
    self.count = count
    self.length = length
  }
}
