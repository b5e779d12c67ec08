/// Where a region differs from what it should hold.
///
/// ```swift
/// if let difference = try region.verify(.zero) {
///   print("byte \(difference.first) is the first of \(difference.count) that differ")
/// }
/// ```
public struct Difference: Hashable, Sendable {
  /// The offset of the first byte that differs.
  public let first: Int
  /// How many bytes differ.
  public let count: Int
}
