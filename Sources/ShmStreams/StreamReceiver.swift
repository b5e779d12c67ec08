import CShm
import Glibc
public import ShmCore
import SystemPackage

/// The end of a stream that takes bytes out.
///
/// ```swift
/// var receiver = try StreamReceiver.meet(at: Rendezvous("frames"))
/// try receiver.receive(to: 1, named: "standard output")
/// let report = try receiver.finish()  // everything has come, and the sender is told so
/// ```
public struct StreamReceiver: ~Copyable {
  let options: StreamOptions
  let failure: StreamFailure
  let socket: StreamSocket
  let data: WakeEvent
  let space: WakeEvent
  let hello: StreamMessage.Hello
  let start = Clock.nanoseconds
  var ring: RingReader
  var report = StreamReport()
  var checksum = Checksum()
  var spin: SpinWait
  var polled = PollSet()
  /// What is waited for where nothing else is: the event, the sender, the interrupt. Nil where the
  /// kernel refuses it, and poll(2) must do.
  var usual: EpollSet?
  /// What the sender has said at the end; nil before.
  var end: (total: UInt64, checksum: UInt32?)?
  /// Whether this end has given up: what the sender says then is of no interest.
  var hasGivenUp = false
  /// The answer of the far end of a framed stream; nil if the far end cannot answer.
  var reply: FrameReply?
  /// The end that was written of a framed stream; nil before.
  var framedEnd: Frame.End?
  /// Keeps the ring in RAM where that was asked for.
  private let wiring: Mapping?

  /// Takes the connection over, and maps what came with the sender's greeting.
  init(
    _ socket: consuming StreamSocket, _ hello: StreamMessage.Hello, _ boxes: [OwnedDescriptorBox],
    _ options: StreamOptions, _ failure: StreamFailure
  ) throws(ShmError) {
    guard boxes.count == 3, let ring = boxes[0].take(), let first = boxes[1].take(),
      let second = boxes[2].take(), let data = WakeEvent(adopting: first),
      let space = WakeEvent(adopting: second)
    else { throw failure.broken("the sender", "has not sent a ring and two events") }
    guard let capacity = Int(exactly: hello.capacity), let offset = Int(exactly: hello.dataOffset),
      hello.index < UInt64(RingGeometry.maximumReceivers)
    else { throw failure.broken("the sender", "describes a ring that cannot be") }
    let memory = try RingMemory(
      checking: ring, capacity: capacity, dataOffset: offset, index: Int(hello.index))
    let wiring =
      options.isWired || hello.flags & 1 != 0
      ? try RingWiring.wire(memory, failure.attempt) : nil
    self.options = options
    spin = SpinWait(options)
    self.failure = failure
    self.hello = hello
    usual = try? EpollSet(
      rung: data.descriptor.raw,
      readable: [socket.descriptor.raw] + (options.interrupt.map { [$0] } ?? []))
    self.data = data
    self.space = space
    self.socket = socket
    self.wiring = wiring
    self.ring = RingReader(memory, index: Int(hello.index), wakeShare: options.wakeShare)
  }

  /// The bytes that will come, where the sender knows.
  public var expectedBytes: Int? { Int(exactly: hello.expected) }

  /// Checks that everything has come, and tells the sender so. Call it when the bytes are where they
  /// should be: afterwards nothing can go wrong any more.
  ///
  /// - Parameter result: what holds the bytes by now, in messages: "'data.tar'".
  /// - Returns: what has gone through.
  /// - Throws: `ShmError`: `damaged` where the checksum differs, `usage` where another number of bytes
  ///   was expected. The stream is aborted then. Where only the sender cannot be told, the reason says that
  ///   the bytes are complete.
  public mutating func finish(in result: String? = nil) throws(ShmError) -> StreamReport {
    try verify()
    do throws(ShmError) {
      try socket.send(.done(stream: hello.stream, total: ring.position), failure.attempt)
    } catch {
      let whole = result.map { "\($0) is complete" } ?? "all \(ring.position) bytes were delivered"
      throw error.worded(
        attempt: failure.attempt,
        reason: "\(whole), but the sender could not be told: \(error.reason)")
    }
    report.bytes = Int(ring.position)
    report.duration = .nanoseconds(Clock.nanoseconds - start)
    return report
  }

  /// Gives the stream up: the sender is told why.
  ///
  /// - Parameter reason: why, in a few words.
  public mutating func abort(_ reason: String) {
    hasGivenUp = true
    socket.part(.abort(stream: hello.stream, bytes: ring.position, reason: reason))
  }

  mutating func abort(_ error: ShmError) { abort(failure.reason(error)) }

  /// Does what belongs to the delivery; where it fails, the stream is aborted.
  ///
  /// - Parameter body: opens, closes or renames what the bytes go to.
  /// - Returns: what `body` returns.
  /// - Throws: what `body` throws.
  public mutating func delivering<Value: ~Copyable>(
    _ body: () throws(ShmError) -> Value
  ) throws(ShmError) -> Value {
    do throws(ShmError) {
      return try body()
    } catch {
      abort(error)
      throw error
    }
  }

  /// Checks that everything has come as it was sent: before the bytes are given a name.
  ///
  /// - Throws: as `finish`. The stream is aborted then.
  public mutating func verify() throws(ShmError) {
    do throws(ShmError) {
      try check()
    } catch {
      abort(error)
      throw error
    }
  }

  mutating func check() throws(ShmError) {
    guard let end, end.total == ring.position else {
      throw ShmError(
        .defect, failure.attempt, "it was finished before its end, after \(ring.position) bytes")
    }
    if let theirs = end.checksum {
      guard theirs == checksum.value else {
        throw ShmError(
          .damaged, failure.attempt,
          """
          the checksum of the \(end.total) bytes is \(String(checksum.value, radix: 16)), and the \
          sender's \(String(theirs, radix: 16))
          """)
      }
      report.checksum = theirs
    }
    if let expected = options.expectedBytes, UInt64(expected) != end.total {
      throw ShmError(
        .usage, failure.attempt, "\(end.total) bytes came, and \(expected) were expected")
    }
  }
}
