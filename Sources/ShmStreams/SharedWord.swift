import Synchronization

/// A 64-bit number in memory that two processes share: an `Atomic` bound to a raw address. Whoever
/// makes one keeps the memory mapped as long as it is used.
@safe struct SharedWord {
  private let pointer: UnsafeMutablePointer<Atomic<UInt64>>

  /// The word at `offset` bytes, a multiple of 8, of some memory.
  init(_ memory: UnsafeMutableRawPointer, at offset: Int) {
    // Atomic<UInt64> has the layout of the number; shared memory is born as zeros.
    unsafe pointer = (memory + offset).assumingMemoryBound(to: Atomic<UInt64>.self)
  }

  /// Pairs with `publish` and `announce`: what was written before them is seen.
  func loadAcquiring() -> UInt64 { unsafe pointer.pointee.load(ordering: .acquiring) }

  /// The last look before a wait, or the look for somebody who waits. An `announce` stands before it,
  /// whose fence keeps them in order.
  func lookOnce() -> UInt64 { unsafe pointer.pointee.load(ordering: .acquiring) }

  /// Pairs with `loadAcquiring`: the bytes before it are there.
  func publish(_ value: UInt64) { unsafe pointer.pointee.store(value, ordering: .releasing) }

  /// A store that must be seen by `lookOnce` of the other side, or else that side's announcement by
  /// ours: neither can miss the other. A fence behind the store, and not one store that is both: so
  /// the bytes and the position are fetched for writing at the same time.
  func announce(_ value: UInt64) {
    unsafe pointer.pointee.store(value, ordering: .releasing)
    atomicMemoryFence(ordering: .sequentiallyConsistent)
  }

  /// Takes a flag down; whether it was up. One of several wakers gets true.
  func takeDown() -> Bool {
    guard lookOnce() != 0 else { return false }
    return unsafe pointer.pointee.exchange(0, ordering: .sequentiallyConsistent) != 0
  }
}
