import Synchronization

/// An atomic number of 64 bits in shared memory, which several processes may change at the same time.
///
/// Each operation is one atomic access to 8 bytes in the byte order of the host, with the memory orders of C11. C code
/// of another process uses `_Atomic uint64_t` at the same offset. All processes see the operations on one counter in
/// the same order. The operations also publish other memory: a process that reads a new value sees everything that the
/// writer wrote before `store`, `add` or `exchange`.
///
/// ```swift
/// let region = try Region.open(RegionReference("samples"))
/// let mapping = try Mapping(of: region)
/// let written = try mapping.counter(at: 0)
/// written.add(1)
/// print(written.load())
/// ```
///
/// A counter cannot outlive its mapping. Do not access the same bytes through a span at the same time. Each operation
/// has constant complexity.
@safe public struct SharedCounter: ~Escapable {
  private let word: UnsafeMutablePointer<Atomic<UInt64>>

  /// The word at an address of the mapping, a multiple of 8.
  @_lifetime(borrow mapping)
  fileprivate init(
    _ word: UnsafeMutablePointer<Atomic<UInt64>>, of mapping: borrowing Mapping
  ) {
    unsafe self.word = word
  }

  /// The present number. Pairs with `store`, `add`, `exchange` and `compareExchange` of other processes: everything
  /// that they wrote before is visible after this load (acquire).
  public func load() -> UInt64 { unsafe word.pointee.load(ordering: .acquiring) }

  /// Sets the number. A process that loads the number sees everything that this process wrote before (release).
  public func store(_ value: UInt64) { unsafe word.pointee.store(value, ordering: .releasing) }

  /// Adds to the number, modulo 2^64 (acquire-release).
  ///
  /// - Parameter value: the addend.
  /// - Returns: the new number. Each call of `add(1)` returns a different number, until the number overflows or another
  ///   call sets it.
  @discardableResult
  public func add(_ value: UInt64) -> UInt64 {
    unsafe word.pointee.wrappingAdd(value, ordering: .acquiringAndReleasing).newValue
  }

  /// Sets the number and returns the old number (acquire-release).
  ///
  /// - Parameter value: the new number.
  /// - Returns: the old number.
  public func exchange(_ value: UInt64) -> UInt64 {
    unsafe word.pointee.exchange(value, ordering: .acquiringAndReleasing)
  }

  /// Sets the number if it has an expected value (acquire-release).
  ///
  /// - Parameters:
  ///   - expected: the number that the counter must have.
  ///   - value: the new number.
  /// - Returns: whether the number was set; false if the counter has another number.
  public func compareExchange(expected: UInt64, desired value: UInt64) -> Bool {
    unsafe word.pointee.compareExchange(
      expected: expected, desired: value, ordering: .acquiringAndReleasing
    ).exchanged
  }
}

extension Mapping {
  /// A counter in the mapped memory. New regions contain zeros, so a counter starts at 0.
  ///
  /// - Parameter offset: its first byte in the mapping, a multiple of 8.
  /// - Returns: the counter in place.
  /// - Throws: `ShmError`: `usage` if it is not aligned, exceeds the mapping, or if the mapping is private;
  ///   `notPermitted` if the mapping is read-only.
  @_lifetime(borrow self)
  public func counter(at offset: Int) throws(ShmError) -> SharedCounter {
    try requireWritable("cannot use a counter in \(subject)")
    return unsafe SharedCounter(try word(at: offset), of: self)
  }

  /// The number of a counter, also in a read-only mapping. Its memory order is acquire, as in ``SharedCounter/load()``.
  ///
  /// - Parameter offset: its first byte in the mapping, a multiple of 8.
  /// - Returns: the number now.
  /// - Throws: `ShmError` of kind `usage` if it is not aligned, exceeds the mapping, or if the mapping is private.
  public func counterValue(at offset: Int) throws(ShmError) -> UInt64 {
    unsafe try word(at: offset).pointee.load(ordering: .acquiring)
  }

  private func word(at offset: Int) throws(ShmError) -> UnsafeMutablePointer<Atomic<UInt64>> {
    guard sharing == .shared else {
      throw ShmError(
        .usage, "cannot use a counter in \(subject)",
        "the mapping is private, so other processes do not see its changes")
    }
    _ = try checkedCount(of: UInt64.self, at: offset, 1)
    // Atomic<UInt64> has the layout of the number.
    return unsafe pointer(to: Atomic<UInt64>.self, at: offset)
  }
}
