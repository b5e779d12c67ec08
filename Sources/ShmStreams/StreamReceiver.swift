import CShm
import Glibc
public import ShmCore
import SystemPackage

/// The end of a stream that takes bytes out.
///
/// ```swift
/// var receiver = try StreamReceiver.meet(at: Rendezvous("frames"))
/// try receiver.receive(to: .standardOutput, named: "standard output")
/// let report = try receiver.finish()  // all bytes arrived, and the sender is notified
/// ```
public struct StreamReceiver: StreamEnd, ~Copyable, Sendable {
  let options: StreamOptions
  let failure: StreamFailure
  let socket: StreamSocket
  let data: WakeEvent
  let roomEvent: WakeEvent
  let hello: StreamMessage.Hello
  let start = Clock.nanoseconds
  @usableFromInline var ring: RingReader
  var report = StreamReport()
  var checksum = Checksum()
  var spin: SpinWait
  var polled = Waiter()
  /// The descriptors of a wait without a sink, registered once: the event, the sender, the interrupt. nil if the kernel
  /// refuses epoll(7); poll(2) is used then.
  var registered: Waiter?
  /// The sender's end message; nil before the end.
  var endOfStream: EndOfStream?
  /// The bytes of the last loan, which are released by the next call.
  @usableFromInline var held = 0
  /// The error that later calls throw: the error that ended the stream, or `usage` after `finish`; nil while the stream
  /// is open. After the end, messages of the sender are ignored.
  private(set) var endError: ShmError? {
    didSet { isOpen = false }
  }
  /// Whether `endError` is nil. It is cached, because reading `endError` is slower than a loan.
  private(set) var isOpen = true
  /// The answer of the far end of a framed stream; nil if the far end cannot answer.
  var reply: FrameReply?
  /// The end that was written of a framed stream; nil before.
  var framedEnd: Frame.End?
  /// Keeps the ring in RAM if that was requested.
  private let wiring: Mapping?

  /// The contents of the message *end*.
  struct EndOfStream {
    var total: UInt64
    var checksum: UInt32?
  }

  /// Takes ownership of the connection, and maps the ring of the sender's greeting.
  init(
    _ socket: consuming StreamSocket, _ hello: StreamMessage.Hello, _ boxes: [OwnedDescriptorBox],
    _ options: StreamOptions, _ failure: StreamFailure
  ) throws(ShmError) {
    guard boxes.count == 3, let ring = boxes[0].take(), let first = boxes[1].take(),
      let second = boxes[2].take(), let data = WakeEvent(adopting: first),
      let roomEvent = WakeEvent(adopting: second)
    else { throw failure.broken("the sender", "did not send a ring and two events") }
    guard let capacity = Int(exactly: hello.capacity), let offset = Int(exactly: hello.dataOffset),
      hello.index < UInt64(RingGeometry.maximumReceivers)
    else { throw failure.broken("the sender", "described an invalid ring") }
    let memory = try RingMemory(
      checking: ring, capacity: capacity, dataOffset: offset, index: Int(hello.index))
    let wiring =
      options.isWired || hello.flags & 1 != 0
      ? try memory.wire(failure.attempt) : nil
    self.options = options
    spin = SpinWait(options, peers: [socket.peer])
    self.failure = failure
    self.hello = hello
    registered = try? Waiter(
      rung: data.descriptor.raw,
      readable: [socket.descriptor.raw] + (options.interrupt.map { [$0.rawValue] } ?? []))
    self.data = data
    self.roomEvent = roomEvent
    self.socket = socket
    self.wiring = wiring
    self.ring = RingReader(memory, index: Int(hello.index), wakeShare: options.wakeShare)
  }

  /// The number of bytes in the stream; nil if the sender does not know it.
  public var expectedBytes: Int? { Int(exactly: hello.expected) }

  /// Verifies that all bytes arrived, and notifies the sender. Call it after the bytes are stored, because the sender
  /// then reports success.
  ///
  /// - Returns: a report of the transferred bytes.
  /// - Throws: `ShmError`:
  ///   - `damaged` if the checksum differs, `doesNotFit` if another number of bytes was expected. Both abort the stream.
  ///   - `usage` before the end of the stream. The stream stays open.
  ///   - the error of the notification. The reason then says that the bytes are complete.
  public mutating func finish() throws(ShmError) -> StreamReport { try finish(in: nil) }

  /// Finishes the stream.
  ///
  /// - Parameter result: the name of the stored result in messages: "'data.tar'".
  /// - Returns: a report of the transferred bytes.
  /// - Throws: `ShmError` as without a name.
  package mutating func finish(in result: String?) throws(ShmError) -> StreamReport {
    try verify()
    endError = failure.misuse("the stream has ended")
    ring.forget()
    do throws(ShmError) {
      try socket.send(.done(stream: hello.stream, total: ring.position), failure.attempt)
    } catch {
      let whole = result.map { "\($0) is complete" } ?? "all \(ring.position) bytes were delivered"
      throw error.worded(
        attempt: failure.attempt,
        reason: "\(whole), but the sender could not be notified: \(error.reason)")
    }
    report.bytes = Int(ring.position)
    report.duration = .nanoseconds(Clock.nanoseconds - start)
    return report
  }

  /// Aborts the stream and sends the reason to the sender. Without effect after the end of the stream.
  ///
  /// - Parameter reason: the reason in a few words.
  public mutating func abort(reason: String) {
    abort(reason, ShmError(.aborted, failure.attempt, "this end aborted the stream: \(reason)"))
  }

  /// Aborts the stream because of an error, which later calls throw again.
  mutating func abort(_ error: ShmError) { abort(failure.reason(error), error) }

  private mutating func abort(_ reason: String, _ error: ShmError) {
    guard endError == nil else { return }
    endError = error
    held = 0
    ring.forget()
    socket.sendLast(.abort(stream: hello.stream, bytes: ring.position, reason: reason))
  }

  /// - Throws: `ShmError` after the end of the stream: why it ended.
  func checkOpen() throws(ShmError) {
    if let endError { throw endError }
  }

  /// Aborts the stream because its output cannot be opened, closed or renamed.
  ///
  /// - Parameter error: why the delivery failed.
  /// - Returns: the error for the caller to throw.
  package mutating func abortingDelivery(because error: ShmError) -> ShmError {
    aborting(because: error)
  }

  /// Verifies the number and the checksum of the received bytes, before the output gets its name.
  ///
  /// - Throws: as `finish`.
  public mutating func verify() throws(ShmError) {
    releaseHeld()
    try checkOpen()
    guard let end = endOfStream, end.total == ring.position else {
      throw failure.misuse(
        "it was finished after \(ring.position) bytes, before the end of the stream")
    }
    do throws(ShmError) {
      try check(end)
    } catch {
      throw aborting(because: error)
    }
  }

  mutating func check(_ end: EndOfStream) throws(ShmError) {
    if let theirs = end.checksum {
      guard theirs == checksum.value else {
        throw ShmError(
          .damaged, failure.attempt,
          """
          the checksum of the \(end.total) bytes is \(String(checksum.value, radix: 16)), but \
          the sender reported \(String(theirs, radix: 16))
          """)
      }
      report.checksum = theirs
    }
    if let expected = options.expectedBytes, UInt64(expected) != end.total {
      throw ShmError(
        .doesNotFit, failure.attempt,
        "\(end.total) bytes arrived instead of the expected \(expected)")
    }
  }
}
