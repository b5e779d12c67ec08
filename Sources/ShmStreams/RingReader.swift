import CShm
import ShmCore

/// A receiver's side of a ring. Its own position is in private memory. The sender's position is loaded once,
/// checked and then used.
///
/// The functions on the path of each message are inlined, because a call takes longer than their work.
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

  /// The bytes released since the last check whether the sender waits. A check costs a fence, and a sender that
  /// found the ring full is only woken when enough bytes are free.
  private var unlooked = 0

  /// The looks that find bytes between two pauses that are tried out.
  private static var pauseInterval: Int { 256 }
  /// The length of a pause in `cshm_pause`: less than a microsecond.
  private static var pauseLength: Int { 32 }

  /// The looks that find bytes until the next pause; 0 while pauses find more than looks without them.
  private var looksToPause = RingReader.pauseInterval
  /// The bytes that the last look without a pause found.
  private var foundWithoutPause = 0

  /// The side of receiver `index`.
  init(_ memory: consuming RingMemory, index: Int, wakeShare: Int = 4) {
    taken = memory.word(at: RingGeometry.receiverPosition(index))
    waits = memory.word(at: RingGeometry.receiverWaits(index))
    sender = memory.word(at: RingGeometry.senderPosition)
    senderWaits = memory.word(at: RingGeometry.senderWaits)
    wakesFrom = max(1, memory.geometry.capacity / max(1, wakeShare))
    self.memory = memory
  }

  /// The number of bytes that are known to be available.
  @inline(__always)
  var known: Int { Int(truncatingIfNeeded: seen &- position) }

  /// Forgets the known bytes, so that the next loan checks the state of the stream.
  mutating func forget() { seen = position }

  /// The number of available bytes. The sender's position is loaded only if too few bytes are known.
  @inline(__always)
  mutating func available(atLeast wanted: Int) throws(ShmError) -> Int {
    let known = known
    if known >= wanted { return known }
    if looksToPause == 0 { return try lookAfterPause() }
    let before = seen
    let count = try available()
    if seen != before {
      foundWithoutPause = Int(truncatingIfNeeded: seen &- before)
      looksToPause &-= 1
    }
    return count
  }

  /// Waits a moment, and loads the sender's position.
  ///
  /// Each look at a small record takes the cache line of the position from the sender, which then waits for the line at
  /// its next record. After a pause the sender may have published several records. Whether it has is tried out once in
  /// `pauseInterval` looks. The pauses continue only while they find more than a look without a pause.
  @inline(never)
  private mutating func lookAfterPause() throws(ShmError) -> Int {
    for _ in 0..<Self.pauseLength { cshm_pause() }
    let before = seen
    let count = try available()
    let found = Int(truncatingIfNeeded: seen &- before)
    looksToPause = found > 2 * foundWithoutPause ? 0 : Self.pauseInterval
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
    unsafe UnsafeRawBufferPointer(memory.bytes(at: position, count: count))
  }

  /// Releases consumed bytes. Returns true if the sender waits and must be woken.
  @inline(__always)
  mutating func release(_ count: Int) -> Bool {
    position &+= UInt64(count)
    taken.publish(position)
    unlooked += count
    guard unlooked >= wakesFrom else { return false }
    let behind = Int(truncatingIfNeeded: seen &- position)
    return memory.geometry.capacity - behind >= wakesFrom && isSenderToBeWoken()
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
    seen = position
    return Int(ahead)
  }

  private static var invalidPosition: ShmError {
    @inline(never)
    get {
      ShmError(.damaged, "cannot continue the stream", "the sender published an invalid position")
    }
  }
}
