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
/// try sender.send(from: 0, named: "standard input")
/// let report = try sender.finish()
/// ```
public struct StreamSender: ~Copyable {
  let options: StreamOptions
  let failure: StreamFailure
  let stream = cshm_random()
  let place: Rendezvous
  var listener: StreamListener
  let space: WakeEvent
  let start = Clock.nanoseconds
  var ring: RingWriter
  var peers: [StreamPeer] = []
  /// Late connections that have not sent a request yet, so that *busy* cannot be sent yet.
  var latecomers: [StreamPeer] = []
  var report = StreamReport()
  var checksum = Checksum()
  var spin: SpinWait
  /// Whether late receivers still get the message *busy*.
  var turnsAway = true
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
    var sender = try StreamSender(place, options)
    try sender.meetReceivers()
    return sender
  }

  private init(_ place: Rendezvous, _ options: StreamOptions) throws(ShmError) {
    let failure = StreamFailure(attempt: "cannot send \(place.name.quoted)")
    guard (1...RingGeometry.maximumReceivers).contains(options.receivers) else {
      throw ShmError(
        .usage, failure.attempt, "a stream has 1 to \(RingGeometry.maximumReceivers) receivers")
    }
    let memory = try RingMemory.create(
      capacity: options.capacity, receivers: options.receivers, pages: options.pages)
    let wiring = options.isWired ? try RingWiring.wire(memory, failure.attempt) : nil
    let space = try ShmError.saying(failure.attempt) { () throws(Errno) in try WakeEvent() }
    let listener = try StreamListener(
      at: place, until: Deadline(after: options.meetingTimeout), interrupt: options.interrupt,
      failure.attempt)
    self.place = place
    self.options = options
    spin = SpinWait(options)
    self.failure = failure
    self.wiring = wiring
    self.space = space
    self.listener = listener
    ring = RingWriter(memory, receivers: options.receivers)
  }

  /// Says that all bytes are in, and waits until every receiver has delivered them.
  ///
  /// - Returns: a report of the transferred bytes.
  /// - Throws: `ShmError`: `peerDied`, `aborted`, `timedOut`, `interrupted`, and `usage` if another number of bytes
  ///   was expected. The stream is aborted then.
  public mutating func finish() throws(ShmError) -> StreamReport {
    do throws(ShmError) {
      try checkExpectation()
      let total = ring.position
      let sum = options.hasChecksum ? checksum.value : nil
      try tellAll(.end(stream: stream, total: total, checksum: sum))
      try waitForReceivers(total)
      report.checksum = sum
    } catch {
      abort(error)
      throw error
    }
    for peer in latecomers { peer.socket.part(.busy) }
    latecomers = []
    report.bytes = Int(ring.position)
    report.duration = .nanoseconds(Clock.nanoseconds - start)
    return report
  }

  /// Aborts the stream and sends the reason to the receivers. No receiver reports it as complete.
  ///
  /// - Parameter reason: the reason in a few words.
  public mutating func abort(_ reason: String) {
    for peer in peers {
      peer.socket.part(.abort(stream: stream, bytes: ring.position, reason: reason))
    }
    peers = []
    for peer in latecomers { peer.socket.part(.busy) }
    latecomers = []
  }

  mutating func abort(_ error: ShmError) { abort(failure.reason(error)) }

  func tellAll(_ message: StreamMessage) throws(ShmError) {
    for peer in peers { try peer.socket.send(message, failure.attempt) }
  }

  private func checkExpectation() throws(ShmError) {
    guard let expected = options.expectedBytes, expected != Int(ring.position) else { return }
    throw ShmError(
      .usage, failure.attempt,
      "\(ring.position) bytes were sent instead of the expected \(expected)")
  }
}
