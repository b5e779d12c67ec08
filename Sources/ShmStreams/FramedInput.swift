import CShm
import Glibc
public import ShmCore
import SystemPackage

/// The framed form of a stream as it is read from a descriptor, and the acknowledgement that it gets.
///
/// ```swift
/// var input = try FramedInput(0, named: "standard input")
/// do {
///   var options = StreamOptions()
///   options.expectedBytes = input.expectedBytes
///   var sender = try StreamSender.meet(at: Rendezvous("frames"), options: options)
///   try sender.send(&input)
///   _ = try sender.finish()
///   try input.acknowledge(to: 1)
/// } catch {
///   input.refuse(error.reason, to: 1)  // the near end learns why
/// }
/// ```
public struct FramedInput: ~Copyable {
  var source: StreamSource
  var decoder: FrameDecoder
  /// The end of the stream; nil before it was read.
  var end: Frame.End?
  /// Bytes of the next header that came with the data before it.
  var ahead: [UInt8] = []
  private let name: String
  private let options: StreamOptions

  /// Reads the preamble, which contains the number of bytes if it is known.
  ///
  /// - Parameters:
  ///   - descriptor: the number of a descriptor that is open for reading; it stays the caller's.
  ///   - name: the name of the input in messages.
  ///   - options: how long to wait for bytes, and the descriptor that interrupts it.
  /// - Throws: `ShmError`: `damaged` for anything but a framed stream of this version, `aborted` if the input
  ///   ends before, `inputOutput`, `timedOut`, `interrupted`.
  public init(
    _ descriptor: Int32, named name: String, options: StreamOptions = StreamOptions()
  ) throws(ShmError) {
    let attempt = "cannot read \(name)"
    var source = try StreamSource(descriptor, chunk: options.chunk, attempt)
    guard !source.keepsMessages else {
      throw ShmError(
        .inputOutput, attempt,
        "a framed stream needs a byte stream, not a datagram or seqpacket socket")
    }
    var bytes: [UInt8] = []
    var clock = Deadline(after: options.stallTimeout)
    let waited = [descriptor] + (options.interrupt.map { [$0] } ?? [])
    while bytes.count < Frame.preambleSize {
      let ready = try ShmError.saying(attempt) { () throws(Errno) in
        try Polling.wait(for: waited, timeout: clock.left)
      }
      if ready.count > 1, ready[1] { throw StreamFailure(attempt: attempt).interrupted }
      if ready[0] {
        let more = try source.bytes(upTo: Frame.preambleSize - bytes.count)
        if more?.isEmpty == true { throw Self.cutOff(attempt, after: 0) }
        bytes += more ?? []
        clock.restart()
      } else if let limit = clock.passed {
        throw ShmError(.timedOut, attempt, "no byte arrived for \(Clock.text(limit))")
      }
    }
    do throws(FrameFault) {
      decoder = try FrameDecoder(bytes, .data)
    } catch {
      throw ShmError(.damaged, attempt, "it \(error.reason)")
    }
    self.source = source
    self.name = name
    self.options = options
  }

  /// The bytes that will come, if the origin knows.
  public var expectedBytes: Int? { decoder.preamble.expected.flatMap { Int(exactly: $0) } }

  /// Writes the acknowledgement: every receiver has delivered every byte. Call it after
  /// `StreamSender.finish`.
  ///
  /// - Parameter descriptor: the number of the descriptor to write to; it stays the caller's.
  /// - Throws: `ShmError`: `inputOutput`, `timedOut`, `interrupted`. The receivers have all data even if this
  ///   call fails.
  public func acknowledge(to descriptor: Int32) throws(ShmError) {
    guard let end else {
      throw ShmError(
        .defect, "cannot acknowledge \(name)", "it was acknowledged before its end")
    }
    let attempt =
      "all \(end.total) bytes were delivered, but the acknowledgement cannot be written"
    let waited = [
      Polling.Interest(descriptor: descriptor, events: POLLOUT),
      Polling.Interest(descriptor: options.interrupt ?? -1),
    ]
    let clock = Deadline(after: options.stallTimeout)
    let ready = try ShmError.saying(attempt) { () throws(Errno) in
      try Polling.wait(for: waited, timeout: clock.left)
    }
    if ready[1] { throw StreamFailure(attempt: attempt).interrupted }
    if let limit = clock.passed, !ready[0] {
      throw ShmError(.timedOut, attempt, "not read for \(Clock.text(limit))")
    }
    try write(FrameEncoder.record(of: end), to: descriptor, attempt)
  }

  /// Writes an abort record in place of the acknowledgement, if the descriptor takes it at once.
  ///
  /// Then input that still comes is discarded for up to 2 s, and the reader of the record gets 0.5 s to hang up,
  /// because some relays discard pending output when the process exits.
  ///
  /// - Parameters:
  ///   - reason: why, in a few words.
  ///   - descriptor: the number of the descriptor to write to; it stays the caller's.
  public mutating func refuse(_ reason: String, to descriptor: Int32) {
    let interest = Polling.Interest(descriptor: descriptor, events: POLLOUT)
    guard let ready = try? Polling.wait(for: [interest], timeout: .zero), ready[0] else { return }
    let record = FrameEncoder.record(abort: reason, after: 0)
    guard (try? write(record, to: descriptor, "cannot write the acknowledgement")) != nil else {
      return
    }
    if source.mayBlock { discard() }
    let hangup = Polling.Interest(descriptor: descriptor, events: 0)
    _ = try? Polling.wait(
      for: [hangup, Polling.Interest(descriptor: options.interrupt ?? -1)],
      timeout: Self.hangUpGrace)
  }

  /// How long the reader of an abort record may take to hang up.
  private static var hangUpGrace: Duration { .milliseconds(500) }

  /// How long input is discarded after a failure.
  private static var discardLimit: Duration { .seconds(2) }

  private mutating func discard() {
    let clock = Deadline(after: Self.discardLimit)
    let waited = [source.descriptor] + (options.interrupt.map { [$0] } ?? [])
    while let ready = try? Polling.wait(for: waited, timeout: clock.left), ready[0],
      ready.count == 1 || !ready[1], let bytes = try? source.bytes(upTo: Frame.largestData),
      !bytes.isEmpty
    {}
  }

  private func write(
    _ record: [UInt8], to descriptor: Int32, _ attempt: String
  ) throws(ShmError) {
    let bytes = FrameEncoder.acknowledgement(of: decoder.preamble.identifier, record)
    try unsafe bytes.withUnsafeBufferPointer { (bytes) throws(ShmError) in
      try unsafe DescriptorIO.writeAll(descriptor, UnsafeRawBufferPointer(bytes), attempt)
    }
  }

  /// The input has ended before its end record.
  func cutOff(after bytes: UInt64) -> ShmError {
    Self.cutOff("cannot read \(name)", after: bytes)
  }

  private static func cutOff(_ attempt: String, after bytes: UInt64) -> ShmError {
    ShmError(
      .aborted, attempt, "the framed stream was cut off after \(bytes) bytes, before its end record"
    )
  }

  /// The input is damaged.
  func damaged(_ fault: FrameFault) -> ShmError {
    ShmError(.damaged, "cannot read \(name)", "it \(fault.reason)")
  }
}
