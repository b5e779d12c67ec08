import ShmCore

/// A receiver's side of a ring. Its own position is in private memory. The sender's position is loaded once,
/// checked and then used.
///
/// The functions on the path of each message are inlined, because a call takes longer than their work.
@usableFromInline
struct RingReader: ~Copyable, Sendable {
  let memory: RingMemory
  /// The bytes taken so far.
  private(set) var position: UInt64 = 0
  /// The bytes that are known to be available.
  @usableFromInline private(set) var window: ReadableWindow
  private let taken: SharedWord
  private let waits: SharedWord
  private let sender: SharedWord
  private let senderWaits: SharedWord
  /// How much must be free before a waiting sender is woken, in bytes: to wake it for each page would
  /// make it sleep and wake all the time.
  private let wakesFrom: Int

  /// The bytes released since the last check whether the sender waits. A check costs a fence, and a sender that
  /// found the ring full is only woken when enough bytes are free.
  private var unlooked = 0

  private var pauses = LookPauses(0)

  /// The side of receiver `index`.
  init(_ memory: consuming RingMemory, index: Int, wakeShare: Int = 4) {
    taken = memory.word(at: RingGeometry.receiverPosition(index))
    waits = memory.word(at: RingGeometry.receiverWaits(index))
    sender = memory.word(at: RingGeometry.senderPosition)
    senderWaits = memory.word(at: RingGeometry.senderWaits)
    unsafe window = ReadableWindow(start: memory.start(at: 0), count: 0)
    wakesFrom = max(1, memory.geometry.capacity / max(1, wakeShare))
    self.memory = memory
  }

  /// The number of bytes that are known to be available.
  @inline(__always)
  var known: Int { window.count }

  /// The sender's position at the last look.
  @inline(__always)
  private var seen: UInt64 { position &+ UInt64(truncatingIfNeeded: window.count) }

  /// Forgets the known bytes, so that the next loan checks the state of the stream.
  mutating func forget() { window.count = 0 }

  /// The number of available bytes. The sender's position is loaded only if too few bytes are known.
  @inline(__always)
  mutating func available(atLeast wanted: Int) throws(ShmError) -> Int {
    let known = known
    if known >= wanted { return known }
    if pauses.isPausing { pauses.pause() }
    let before = seen
    let count = try available()
    if seen != before { pauses.count(seen) }
    return count
  }

  /// The number of available bytes.
  ///
  /// - Throws: `ShmError` of kind `damaged` if the sender's position decreased, or is ahead by more than the
  ///   capacity.
  @inline(__always)
  mutating func available() throws(ShmError) -> Int {
    try available(sender.loadAcquiring())
  }

  /// Announces that this side is about to wait for bytes, and checks once more. Wait only if fewer than `wanted`
  /// bytes are available.
  mutating func availableBeforeWaiting(wanted: Int) throws(ShmError) -> Int {
    waits.announce(1)
    let count = try available(sender.lookOnce())
    if count >= wanted { stopWaiting() }
    return count
  }

  /// Publishes that this side no longer waits.
  func stopWaiting() { waits.publish(0) }

  /// The available bytes in one piece, also across the end of the ring.
  @inline(__always)
  func bytes(_ count: Int) -> UnsafeRawBufferPointer {
    unsafe UnsafeRawBufferPointer(
      start: window.start, count: min(count, memory.geometry.capacity))
  }

  /// Releases consumed bytes. Returns true if the sender waits and must be woken.
  @inline(__always)
  mutating func release(_ count: Int) -> Bool {
    position &+= UInt64(count)
    unsafe window = ReadableWindow(
      start: memory.start(at: position), count: window.count &- count)
    taken.publish(position)
    unlooked += count
    guard unlooked >= wakesFrom else { return false }
    return memory.geometry.capacity - known >= wakesFrom && isSenderToBeWoken()
  }

  /// Whether the sender also waits and must be woken. Check this before a wait: the released room may be enough for
  /// the sender, although it is less than the room for which it is usually woken.
  mutating func isSenderToBeWoken() -> Bool {
    unlooked = 0
    // Stored once more, for the fence that the check needs.
    taken.announce(position)
    return senderWaits.takeDown()
  }

  @inline(__always)
  private mutating func available(_ position: UInt64) throws(ShmError) -> Int {
    let ahead = position &- self.position
    let added = position &- seen
    guard ahead <= UInt64(memory.geometry.capacity), added <= ahead else {
      throw Self.invalidPosition
    }
    window.count = Int(ahead)
    return Int(ahead)
  }

  private static var invalidPosition: ShmError {
    @inline(never)
    get {
      ShmError(.damaged, "cannot continue the stream", "the sender published an invalid position")
    }
  }
}
