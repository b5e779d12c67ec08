import CShm
import Glibc
public import ShmCore
public import SystemPackage

/// The framed form of a stream as it is read from a descriptor, and the acknowledgement that it gets.
///
/// ```swift
/// var input = try FramedInput(from: .standardInput, named: "standard input")
/// do {
///   var options = StreamOptions()
///   options.expectedBytes = input.expectedBytes
///   var sender = try StreamSender.meet(at: Rendezvous("frames"), options: options)
///   try sender.sendFramed(from: &input)
///   _ = try sender.finish()
///   try input.acknowledge(to: .standardOutput)
/// } catch {
///   input.refuse(reason: error.reason, to: .standardOutput)
/// }
/// ```
public struct FramedInput: ~Copyable, Sendable {
  var source: StreamSource
  var decoder: FrameDecoder
  /// The end of the stream; nil before it was read.
  var endRecord: Frame.End?
  /// Bytes of the next header that came with the data before it.
  var ahead: [UInt8] = []
  private let name: String
  private let options: StreamOptions

  /// Reads the preamble, which contains the number of bytes if it is known.
  ///
  /// - Parameters:
  ///   - descriptor: a descriptor that is open for reading. This value does not close it.
  ///   - name: the name of the input in messages.
  ///   - options: how long to wait for bytes, and the descriptor that interrupts it.
  /// - Throws: `ShmError`: `damaged` for anything but a framed stream of this version, `aborted` if the input
  ///   ends before, `inputOutput`, `timedOut`, `interrupted`.
  public init(
    from descriptor: FileDescriptor, named name: String = "the input",
    options: StreamOptions = StreamOptions()
  ) throws(ShmError) {
    let descriptor = descriptor.rawValue
    let attempt = "cannot read \(name)"
    var source = try StreamSource(descriptor, chunk: options.chunk, attempt)
    guard !source.keepsMessages else {
      throw ShmError(
        .inputOutput, attempt,
        "a framed stream needs a byte stream, not a datagram or seqpacket socket")
    }
    var bytes: [UInt8] = []
    var clock = Deadline(after: options.stallTimeout)
    let waited = [descriptor] + (options.interrupt.map { [$0.rawValue] } ?? [])
    while bytes.count < Frame.preambleSize {
      let ready: [Bool]
      do {
        ready = try Waiter.wait(for: waited, timeout: clock.left)
      } catch {
        throw ShmError(attempt, error)
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
  /// - Parameter descriptor: the descriptor to write to. The call does not close it.
  /// - Throws: `ShmError`: `inputOutput`, `timedOut`, `interrupted`. The receivers have all data even if this
  ///   call fails. Also `usage` before the end of the input.
  public func acknowledge(to descriptor: FileDescriptor) throws(ShmError) {
    guard let end = endRecord else {
      throw ShmError(
        .usage, "cannot acknowledge \(name)", "the end record has not been read")
    }
    let attempt =
      "all \(end.total) bytes were delivered, but the acknowledgement cannot be written"
    let waited = [
      Waiter.Interest(descriptor: descriptor.rawValue, events: POLLOUT),
      Waiter.Interest(descriptor: options.interrupt?.rawValue ?? -1),
    ]
    let clock = Deadline(after: options.stallTimeout)
    let ready: [Bool]
    do {
      ready = try Waiter.wait(for: waited, timeout: clock.left)
    } catch {
      throw ShmError(attempt, error)
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
  ///   - descriptor: the descriptor to write to. The call does not close it.
  public mutating func refuse(reason: String, to descriptor: FileDescriptor) {
    guard (try? Waiter.isReady(descriptor.rawValue, for: POLLOUT)) == true else { return }
    let record = FrameEncoder.record(abort: reason, after: 0)
    guard (try? write(record, to: descriptor, "cannot write the acknowledgement")) != nil else {
      return
    }
    if source.mayBlock { discard() }
    let hangup = Waiter.Interest(descriptor: descriptor.rawValue, events: 0)
    _ = try? Waiter.wait(
      for: [hangup, Waiter.Interest(descriptor: options.interrupt?.rawValue ?? -1)],
      timeout: Self.hangUpGrace)
  }

  /// How long the reader of an abort record may take to hang up.
  private static var hangUpGrace: Duration { .milliseconds(500) }

  /// How long input is discarded after a failure.
  private static var discardLimit: Duration { .seconds(2) }

  private mutating func discard() {
    let clock = Deadline(after: Self.discardLimit)
    let waited = [source.descriptor] + (options.interrupt.map { [$0.rawValue] } ?? [])
    while let ready = try? Waiter.wait(for: waited, timeout: clock.left), ready[0],
      ready.count == 1 || !ready[1], let bytes = try? source.bytes(upTo: Frame.largestData),
      !bytes.isEmpty
    {}
  }

  private func write(
    _ record: [UInt8], to descriptor: FileDescriptor, _ attempt: String
  ) throws(ShmError) {
    let bytes = FrameEncoder.acknowledgement(of: decoder.preamble.identifier, record)
    try unsafe bytes.withUnsafeBufferPointer { (bytes) throws(ShmError) in
      try unsafe DescriptorIO.writeAll(
        descriptor.rawValue, UnsafeRawBufferPointer(bytes), attempt)
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
