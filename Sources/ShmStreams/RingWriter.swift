import ShmCore

/// The sender's side of a ring. Its own position is in private memory. The receivers' positions are loaded once,
/// checked and then used. The functions on the path of each message are inlined, as in `RingReader`.
struct RingWriter: ~Copyable {
  let memory: RingMemory
  /// The bytes written so far, including `unpublished`.
  private(set) var position: UInt64 = 0
  /// The last of these bytes, which the receivers cannot see yet.
  private(set) var unpublished = 0
  private let published: SharedWord
  private let waits: SharedWord
  private var receivers: [Receiver]

  /// The room at the last check minus the bytes written since: a lower bound of the current room.
  private(set) var knownRoom = 0

  private struct Receiver {
    let position: SharedWord
    let waits: SharedWord
    var seen: UInt64 = 0
  }

  /// The side that puts bytes in, for that many receivers.
  init(_ memory: consuming RingMemory, receivers: Int) {
    published = memory.word(at: RingGeometry.senderPosition)
    waits = memory.word(at: RingGeometry.senderWaits)
    self.receivers = (0..<receivers).map { index in
      Receiver(
        position: memory.word(at: RingGeometry.receiverPosition(index)),
        waits: memory.word(at: RingGeometry.receiverWaits(index)))
    }
    self.memory = memory
  }

  /// How much room there is: the slowest receiver decides.
  ///
  /// - Throws: `ShmError` of kind `damaged` if a receiver's position decreased or is invalid.
  @inline(__always)
  mutating func room() throws(ShmError) -> Int {
    try room { $0.loadAcquiring() }
  }

  /// Announces that this side is about to wait for room, and checks once more. Do not wait if the room is `wanted`
  /// or more.
  mutating func roomBeforeWaiting(wanted: Int) throws(ShmError) -> Int {
    waits.announce(1)
    let room = try room { $0.lookOnce() }
    if room >= wanted { stopWaiting() }
    return room
  }

  /// Publishes that this side no longer waits.
  func stopWaiting() { waits.publish(0) }

  /// The room for the next bytes, contiguous also across the end of the ring.
  @inline(__always)
  func writableBytes(_ room: Int) -> UnsafeMutableRawBufferPointer {
    unsafe memory.bytes(at: position, count: room)
  }

  /// Forgets the known room, so that the next loan checks the state of the stream.
  mutating func forget() { knownRoom = 0 }

  /// Adds bytes that were written at `position`. The receivers see them after the next `publish`.
  @inline(__always)
  mutating func append(_ count: Int) {
    position &+= UInt64(count)
    knownRoom &-= count
    unpublished &+= count
  }

  /// Publishes all appended bytes.
  ///
  /// - Returns: which receivers are to be woken, a bit for each.
  @inline(__always)
  mutating func publish() -> UInt32 {
    unpublished = 0
    published.announce(position)
    var woken: UInt32 = 0
    for index in receivers.indices where receivers[index].waits.takeDown() { woken |= 1 << index }
    return woken
  }

  /// Removes the bytes that no receiver has seen.
  mutating func discardUnpublished() {
    position &-= UInt64(unpublished)
    unpublished = 0
  }

  /// Whether one receiver has taken everything.
  mutating func hasTaken(all index: Int) throws(ShmError) -> Bool {
    _ = try room()
    return receivers[index].seen == position
  }

  @inline(__always)
  private mutating func room(_ load: (SharedWord) -> UInt64) throws(ShmError) -> Int {
    let visible = position &- UInt64(unpublished)
    var least = memory.geometry.capacity
    for index in receivers.indices {
      let theirs = load(receivers[index].position)
      let taken = theirs &- receivers[index].seen
      let behind = position &- theirs
      // Positions only grow, and no receiver is ahead of the published bytes. The check uses differences, because
      // positions wrap.
      guard taken <= visible &- receivers[index].seen, behind <= UInt64(memory.geometry.capacity)
      else { throw Self.invalidPosition(of: index) }
      receivers[index].seen = theirs
      least = min(least, memory.geometry.capacity - Int(behind))
    }
    knownRoom = least
    return least
  }

  @inline(never)
  private static func invalidPosition(of receiver: Int) -> ShmError {
    ShmError(
      .damaged, "cannot continue the stream", "receiver \(receiver) published an invalid position")
  }
}
