/// Where a region differs from what it should hold.
public struct Difference: Hashable, Sendable {
  /// The offset of the first byte that differs.
  public let first: Int
  /// How many bytes differ.
  public let count: Int
}
