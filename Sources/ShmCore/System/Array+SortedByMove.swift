extension Array {
  /// The elements in the order of a predicate. Equal elements keep their order. Each element is copied once, which
  /// takes less time than `sorted(by:)` for large ones.
  ///
  /// - Parameter precedes: whether the first element comes before the second.
  /// - Returns: the sorted elements.
  /// - Complexity: O(n log n) comparisons and n copies.
  package func sortedByMove(_ precedes: (Element, Element) -> Bool) -> [Element] {
    indices.sorted { precedes(self[$0], self[$1]) }.map { self[$0] }
  }
}
