import CShm
import Glibc
public import ShmCore
import SystemPackage

/// The end of a stream that puts bytes in.
///
/// If a sender ends without `finish`, its receivers report that it died. An incomplete stream is never reported as
/// complete.
///
/// ```swift
/// var sender = try StreamSender.meet(at: Rendezvous("frames"))
/// try sender.send(from: .standardInput, named: "standard input")
/// let report = try sender.finish()
/// ```
public struct StreamSender: StreamEnd, ~Copyable, Sendable {
  let options: StreamOptions
  let failure: StreamFailure
  let stream = cshm_random()
  let place: Rendezvous
  var listener: StreamListener
  let roomEvent: WakeEvent
  let start = Clock.nanoseconds
  @usableFromInline var ring: RingWriter
  var peers: [StreamPeer] = []
  /// Late connections that have not sent a request yet, so that *busy* cannot be sent yet.
  var latecomers: [StreamPeer] = []
  var report = StreamReport()
  var checksum = Checksum()
  var spin: SpinWait
  /// Whether late receivers still get the message *busy*.
  var turnsAway = true
  /// The error of calls after the end: the error that ended the stream, or a misuse; nil while the stream is open.
  private(set) var ending: ShmError?
  /// The descriptors of an event loop's wait; nil before the first of these waits.
  var readiness: Waiter?
  /// Keeps the ring in RAM if that was requested.
  private let wiring: Mapping?

  /// Listens until all receivers are connected and have mapped the ring.
  ///
  /// - Parameters:
  ///   - place: the name and directory of the stream. The sender owns the name until its end.
  ///   - options: the options of the stream.
  /// - Returns: the sender, ready to send.
  /// - Throws: `ShmError`: `busy` if another sender uses the name, `timedOut`, `noSpace`, `limit` if the ring
  ///   cannot be wired, `notPermitted`.
  public static func meet(
    at place: Rendezvous, options: StreamOptions = StreamOptions()
  ) throws(ShmError) -> StreamSender {
    let clock = Deadline(after: options.meetingTimeout)
    var sender = try StreamSender(place, options, clock)
    try sender.meetReceivers(clock)
    return sender
  }

  private init(
    _ place: Rendezvous, _ options: StreamOptions, _ clock: Deadline
  ) throws(ShmError) {
    let failure = StreamFailure(attempt: "cannot send \(place.name.quoted)")
    guard (1...RingGeometry.maximumReceivers).contains(options.receivers) else {
      throw ShmError(
        .usage, failure.attempt,
        "the number of receivers must be 1 to \(RingGeometry.maximumReceivers)")
    }
    let memory = try RingMemory.create(
      capacity: options.ringCapacity(failure), receivers: options.receivers, pages: options.pages)
    let wiring = options.isWired ? try memory.wire(failure.attempt) : nil
    let roomEvent: WakeEvent
    do {
      roomEvent = try WakeEvent()
    } catch {
      throw ShmError(failure.attempt, error)
    }
    let listener = try StreamListener(
      at: place, until: clock, interrupt: options.interrupt?.rawValue, failure.attempt)
    self.place = place
    self.options = options
    spin = SpinWait(options, peers: [])
    self.failure = failure
    self.wiring = wiring
    self.roomEvent = roomEvent
    self.listener = listener
    // A checksum covers each appended byte, which the window does not see.
    ring = RingWriter(
      memory, receivers: options.receivers,
      windowLimit: options.hasChecksum ? 0 : Self.batchLimit - 1)
  }

  /// Declares the end of the stream, and waits until every receiver has delivered all bytes.
  ///
  /// - Returns: a report of the transferred bytes.
  /// - Throws: `ShmError`: `peerDied`, `aborted`, `timedOut`, `interrupted`, and `doesNotFit` if another number of bytes
  ///   was expected. The stream is aborted then. `usage` if the stream has already ended.
  public mutating func finish() throws(ShmError) -> StreamReport {
    try checkOpen()
    flush()
    do throws(ShmError) {
      try checkExpectation()
      let total = ring.position
      let sum = options.hasChecksum ? checksum.value : nil
      try sendToAll(.end(stream: stream, total: total, checksum: sum))
      try waitForReceivers(total)
      report.checksum = sum
    } catch {
      throw aborting(because: error)
    }
    for peer in latecomers { peer.socket.sendLast(.busy) }
    latecomers = []
    report.bytes = Int(ring.position)
    report.duration = .nanoseconds(Clock.nanoseconds - start)
    ending = failure.misuse("the stream has ended")
    ring.forget()
    return report
  }

  /// Aborts the stream and sends the reason to the receivers. No receiver reports it as complete. Without effect after
  /// the end of the stream.
  ///
  /// - Parameter reason: the reason in a few words.
  public mutating func abort(reason: String) {
    abort(reason, ShmError(.aborted, failure.attempt, "this end aborted the stream: \(reason)"))
  }

  /// Aborts the stream because of an error, which later calls throw again.
  mutating func abort(_ error: ShmError) { abort(failure.reason(error), error) }

  private mutating func abort(_ reason: String, _ error: ShmError) {
    guard ending == nil else { return }
    ending = error
    ring.discardUnpublished()
    ring.forget()
    for peer in peers {
      peer.socket.sendLast(.abort(stream: stream, bytes: ring.position, reason: reason))
    }
    peers = []
    for peer in latecomers { peer.socket.sendLast(.busy) }
    latecomers = []
  }

  /// - Throws: `ShmError` after the end of the stream: why it ended.
  func checkOpen() throws(ShmError) {
    if let ending { throw ending }
  }

  func sendToAll(_ message: StreamMessage) throws(ShmError) {
    for peer in peers { try peer.socket.send(message, failure.attempt) }
  }

  private func checkExpectation() throws(ShmError) {
    guard let expected = options.expectedBytes, expected != Int(ring.position) else { return }
    throw ShmError(
      .doesNotFit, failure.attempt,
      "\(ring.position) bytes were sent instead of the expected \(expected)")
  }
}
