import ShmCore

/// The sender's side of a ring. Its own position is in private memory. The receivers' positions are loaded once,
/// checked and then used. The functions on the path of each message are inlined, as in `RingReader`.
@usableFromInline
struct RingWriter: ~Copyable, Sendable {
  let memory: RingMemory
  /// Where the next bytes are written. An appended record changes nothing else.
  @usableFromInline var window: WritableWindow
  /// The bytes from the published position to the end of the window.
  private var windowEnd = 0
  /// The known room after the window.
  private var beyond = 0
  /// The bytes that can be appended to the window before a publication.
  private let windowLimit: Int
  /// The bytes that the receivers can see.
  private var visible: UInt64 = 0
  private let published: SharedWord
  private let waits: SharedWord
  private var receivers: [Receiver]

  /// The bytes that were written and that the receivers cannot see yet.
  @inline(__always)
  var unpublished: Int { windowEnd &- window.count }

  /// The bytes written so far, including the unpublished ones.
  @inline(__always)
  var position: UInt64 { visible &+ UInt64(truncatingIfNeeded: unpublished) }

  /// The room at the last check minus the bytes written since: a lower bound of the current room.
  @inline(__always)
  var knownRoom: Int { window.count &+ beyond }

  private struct Receiver {
    let position: SharedWord
    let waits: SharedWord
    var seen: UInt64 = 0
  }

  /// The side that puts bytes in.
  ///
  /// - Parameters:
  ///   - memory: the ring.
  ///   - receivers: the number of its receivers.
  ///   - windowLimit: the bytes that can be appended to the window before a publication; 0 for no window.
  init(_ memory: consuming RingMemory, receivers: Int, windowLimit: Int) {
    self.windowLimit = windowLimit
    unsafe window = WritableWindow(start: memory.start(at: 0), count: 0)
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
    unsafe UnsafeMutableRawBufferPointer(
      start: window.start, count: min(room, memory.geometry.capacity))
  }

  /// Forgets the known room, so that the next loan checks the state of the stream.
  mutating func forget() { open(0) }

  /// Adds bytes that were written at `position`. The receivers see them after the next `publish`.
  @inline(__always)
  mutating func append(_ count: Int) {
    window.skip(count)
    open(knownRoom)
  }

  /// Publishes all appended bytes.
  ///
  /// - Returns: which receivers are to be woken, a bit for each.
  @inline(__always)
  mutating func publish() -> UInt32 {
    visible = position
    windowEnd = window.count
    published.announce(visible)
    var woken: UInt32 = 0
    for index in receivers.indices where receivers[index].waits.takeDown() { woken |= 1 << index }
    return woken
  }

  /// Removes the bytes that no receiver has seen.
  mutating func discardUnpublished() {
    let room = knownRoom &+ unpublished
    windowEnd = window.count
    open(room)
  }

  /// Whether one receiver has taken everything.
  mutating func hasTaken(all index: Int) throws(ShmError) -> Bool {
    _ = try room()
    return receivers[index].seen == position
  }

  @inline(__always)
  private mutating func room(_ load: (SharedWord) -> UInt64) throws(ShmError) -> Int {
    let position = position
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
    open(least)
    return least
  }

  /// Places the window after the written bytes, in `room` bytes that are free.
  @inline(__always)
  private mutating func open(_ room: Int) {
    let unpublished = unpublished
    let count = min(room, max(0, windowLimit &- unpublished))
    unsafe window = WritableWindow(start: memory.start(at: position), count: count)
    beyond = room &- count
    windowEnd = unpublished &+ count
  }

  @inline(never)
  private static func invalidPosition(of receiver: Int) -> ShmError {
    ShmError(
      .damaged, "cannot continue the stream", "receiver \(receiver) published an invalid position")
  }
}
