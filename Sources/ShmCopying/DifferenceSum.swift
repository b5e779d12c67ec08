import Glibc
import Synchronization

/// The differences that several threads find.
final class DifferenceSum: Sendable {
  private let sum = Mutex<Difference?>(nil)

  /// The total difference; nil if no bytes differ.
  var total: Difference? { sum.withLock { $0 } }

  /// Adds the differences of two buffers of equal length, which lie at `offset`.
  func compare(
    _ actual: UnsafeRawBufferPointer, _ expected: UnsafeRawBufferPointer, at offset: Int
  ) {
    guard actual.count > 0, let left = actual.baseAddress,
      let right = expected.baseAddress,
      unsafe memcmp(left, right, actual.count) != 0
    else { return }
    var first: Int?
    var count = 0
    for index in 0..<actual.count where unsafe actual[index] != expected[index] {
      first = first ?? offset + index
      count += 1
    }
    if let first { add(Difference(first: first, count: count)) }
  }

  /// The total difference, if one of the two inputs ends at `end`.
  func total(_ length: Difference.Length, end: Int) -> Difference {
    let found = total
    return Difference(first: found?.first ?? end, count: found?.count ?? 0, length: length)
  }

  /// Adds one more.
  func add(_ difference: Difference) {
    sum.withLock { sum in
      guard let old = sum else { return sum = difference }
      sum = Difference(
        first: min(old.first, difference.first), count: old.count + difference.count)
    }
  }
}
