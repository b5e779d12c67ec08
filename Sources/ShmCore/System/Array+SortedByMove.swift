extension Array {
  /// The elements in the order of a predicate. Equal elements keep their order. Each element is copied once, which
  /// takes less time than `sorted(by:)` for large ones.
  ///
  /// - Parameter precedes: whether the first element comes before the second.
  /// - Returns: the sorted elements.
  /// - Complexity: O(n log n) comparisons and n copies.
  package func sortedByMove(_ precedes: (Element, Element) -> Bool) -> [Element] {
    // Elements are compared in place, because copying a large element takes longer than comparing it.
    let order = unsafe withUnsafeBufferPointer { (elements) in
      indices.sorted { unsafe precedes(elements[$0], elements[$1]) }
    }
    return order.map { self[$0] }
  }
}
