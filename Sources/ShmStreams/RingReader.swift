import ShmCore

/// A receiver's side of a ring. Its own position lives in private memory; the sender's is loaded once,
/// checked and then used.
///
/// What each message goes through is inlined: a call takes longer than what it does.
struct RingReader: ~Copyable {
  let memory: RingMemory
  /// The bytes taken so far.
  private(set) var position: UInt64 = 0
  private let taken: SharedWord
  private let waits: SharedWord
  private let sender: SharedWord
  private let senderWaits: SharedWord
  private var seen: UInt64 = 0

  /// How much must be free before a waiting sender is woken, in bytes: to wake it for each page would
  /// make it sleep and wake all the time.
  private let wakesFrom: Int

  /// How much was released since the last look at whether the sender waits, in bytes: one that found the
  /// ring full has no use for a look before that is enough to wake it, and a look costs a fence.
  private var unlooked = 0

  /// The side of receiver `index`.
  init(_ memory: consuming RingMemory, index: Int, wakeShare: Int = 4) {
    taken = memory.word(at: RingGeometry.receiverPosition(index))
    waits = memory.word(at: RingGeometry.receiverWaits(index))
    sender = memory.word(at: RingGeometry.senderPosition)
    senderWaits = memory.word(at: RingGeometry.senderWaits)
    wakesFrom = max(1, memory.geometry.capacity / max(1, wakeShare))
    self.memory = memory
  }

  /// How many bytes are there, without a look at the sender where enough is known to be there.
  @inline(__always)
  mutating func available(atLeast wanted: Int) throws(ShmError) -> Int {
    let known = Int(truncatingIfNeeded: seen &- position)
    return known >= wanted ? known : try available()
  }

  /// How many bytes are there.
  ///
  /// - Throws: `ShmError` of kind `damaged`, where the sender's position went back, or is ahead by
  ///   more than the capacity.
  @inline(__always)
  mutating func available() throws(ShmError) -> Int {
    try available(sender.loadAcquiring())
  }

  /// Says that this side is about to wait for bytes, and looks once more. Only to be followed by a
  /// wait where there are fewer than `wanted`.
  mutating func availableBeforeWaiting(wanted: Int) throws(ShmError) -> Int {
    waits.announce(1)
    let count = try available(sender.lookOnce())
    if count >= wanted { stopWaiting() }
    return count
  }

  /// Says that this side does not wait any more.
  func stopWaiting() { waits.publish(0) }

  /// The bytes that are there, in one piece, across the end as well.
  @inline(__always)
  func bytes(_ count: Int) -> UnsafeRawBufferPointer {
    unsafe UnsafeRawBufferPointer(memory.bytes(at: position, count: count))
  }

  /// Gives bytes back that were taken out; true where the sender waits and is to be woken.
  @inline(__always)
  mutating func release(_ count: Int) -> Bool {
    position &+= UInt64(count)
    taken.publish(position)
    unlooked += count
    guard unlooked >= wakesFrom else { return false }
    let behind = Int(truncatingIfNeeded: seen &- position)
    return memory.geometry.capacity - behind >= wakesFrom && isSenderToBeWoken()
  }

  /// To be asked before a wait: whether the sender waits as well, and is to be woken. What was released
  /// may be room enough for it, though not as much as it is woken for otherwise.
  mutating func isSenderToBeWoken() -> Bool {
    unlooked = 0
    // Once more, for the fence that the look needs.
    taken.announce(position)
    return senderWaits.takeDown()
  }

  @inline(__always)
  private mutating func available(_ position: UInt64) throws(ShmError) -> Int {
    let ahead = position &- self.position
    let added = position &- seen
    guard ahead <= UInt64(memory.geometry.capacity), added <= ahead else {
      throw ShmError(
        .damaged, "cannot go on with the stream", "the sender has said an impossible position")
    }
    seen = position
    return Int(ahead)
  }
}
