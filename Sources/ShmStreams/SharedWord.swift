import Synchronization

/// A 64-bit number in memory that two processes share: an `Atomic` bound to a raw address. The creator must keep
/// the memory mapped while the value is used.
///
/// Sendable is unchecked because of the pointer; all accesses are atomic.
@safe struct SharedWord: @unchecked Sendable {
  private let pointer: UnsafeMutablePointer<Atomic<UInt64>>

  /// The word at `offset` bytes, a multiple of 8, of some memory.
  init(_ memory: UnsafeMutableRawPointer, at offset: Int) {
    // Atomic<UInt64> has the layout of the number; shared memory is born as zeros.
    unsafe pointer = (memory + offset).assumingMemoryBound(to: Atomic<UInt64>.self)
  }

  /// Pairs with `publish` and `announce`: all writes before them are visible after this load.
  func loadAcquiring() -> UInt64 { unsafe pointer.pointee.load(ordering: .acquiring) }

  /// The last check before a wait, or the check whether the peer waits. An `announce` precedes it, whose fence
  /// keeps the store and this load in order.
  func lookOnce() -> UInt64 { unsafe pointer.pointee.load(ordering: .acquiring) }

  /// Pairs with `loadAcquiring`, which makes the bytes before the position visible.
  func publish(_ value: UInt64) { unsafe pointer.pointee.store(value, ordering: .releasing) }

  /// A store that pairs with `lookOnce` of the other side: at least one side sees the store of the other. It is a
  /// store followed by a fence, not a sequentially consistent store, so that the cache lines of the bytes and of the
  /// position are fetched at the same time.
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
