import CShm
import Glibc
public import ShmCore
public import SystemPackage

extension StreamReceiver {
  /// The number of records that are written between two checks of the sender, the far end and signals.
  private static var recordsBetweenPolls: Int { 16 }

  /// Writes all bytes of the stream to a descriptor in the framed form, so that a reader can tell a complete
  /// stream from one that was cut off. ``StreamSender/sendFramed(from:progress:)`` reads it.
  ///
  /// The end record is written only after the stream has been received and verified.
  ///
  /// - Parameters:
  ///   - sink: a descriptor that is open for writing. The call does not close it.
  ///   - name: its name in messages.
  ///   - acknowledgement: a descriptor from which the acknowledgement of the far end is read;
  ///     `waitForAcknowledgement` waits for it. Nil if the far end cannot answer.
  ///   - progress: called with the bytes delivered so far.
  /// - Throws: `ShmError`, as `receive` and `verify`; `aborted` if the far end has given up, `peerDied` if it
  ///   has ended without an acknowledgement. The stream is aborted then, and an abort record is written if
  ///   the descriptor takes it at once.
  /// - Complexity: linear in the bytes; the memory is the ring's.
  public mutating func receiveFramed(
    to sink: FileDescriptor, named name: String = "the output",
    acknowledgement: FileDescriptor? = nil, progress: (Int) -> Void = { _ in }
  ) throws(ShmError) {
    releaseHeld()
    try checkOpen()
    var encoder = FrameEncoder(
      identifier: cshm_random(), expected: hello.expected == .max ? nil : hello.expected)
    reply = acknowledgement.map { FrameReply($0.rawValue, of: encoder.preamble.identifier) }
    var target: StreamSink
    do throws(ShmError) {
      target = try StreamSink(sink.rawValue, "cannot write \(name)")
    } catch {
      throw aborting(because: error)
    }
    var record = FrameRecord(encoder.preamble.bytes)
    var records = 0
    do throws(ShmError) {
      try deliver(&record, to: &target)
      let watched = target.mayBlock ? sink.rawValue : nil
      while let count = try waitForBytes(sink: watched) {
        progress(Int(ring.position))
        records += 1
        // A sink that is always ready is never waited for.
        if records % Self.recordsBetweenPolls == 0 { try wait(until: .now) }
        let data = unsafe ring.bytes(min(count, Frame.largestData))
        record = unsafe FrameRecord(encoder.add(data), data)
        try deliver(&record, to: &target)
        release(data.count)
      }
      progress(Int(ring.position))
      if let endOfStream { try check(endOfStream) }
      framedEnd = encoder.end
      record = FrameRecord(FrameEncoder.record(of: encoder.end))
      try deliver(&record, to: &target)
    } catch {
      let known = reasonOfReply(error)
      if error.kind != .inputOutput, framedEnd == nil {
        writeAbort(failure.reason(known), after: encoder.end.total, behind: &record, to: &target)
      }
      abort(known)
      throw known
    }
  }

  /// Waits until the far end of the framed stream has acknowledged that every receiver there has delivered
  /// everything.
  ///
  /// - Throws: `ShmError`: `aborted` if the far end has given up, `peerDied` if it has ended without a valid
  ///   acknowledgement, `timedOut`, `interrupted`. The stream is aborted then.
  public mutating func waitForAcknowledgement() throws(ShmError) {
    do throws(ShmError) {
      var clock = Deadline(after: options.stallTimeout)
      var read = 0
      while reply?.outcome == nil {
        try wait(until: clock)
        if let reply, reply.count > read {
          read = reply.count
          clock.restart()
        } else if let limit = clock.passed {
          throw ShmError(
            .timedOut, failure.attempt,
            "the far end has not acknowledged \(ring.position) bytes for \(Clock.text(limit))")
        }
      }
    } catch {
      throw aborting(because: error)
    }
  }

  /// Whether the far end closed its output without an acknowledgement.
  package var lacksAcknowledgement: Bool { reply?.outcome == .endOfInput }

  /// Reads the answer of the far end, and fails unless it acknowledges all that was written.
  mutating func readReply() throws(ShmError) {
    reply?.read()
    if let error = replyError { throw error }
  }

  private var replyError: ShmError? {
    let bytes = ring.position
    switch reply?.outcome {
    case nil: return nil
    case .complete(let end) where end == framedEnd: return nil
    case .complete(let end):
      return ShmError(
        .peerDied, failure.attempt,
        "the far end acknowledged \(end.total) bytes, but \(bytes) bytes with another checksum were sent"
      )
    case .abort(let reason): return failure.aborted("the far end", reason)
    case .endOfInput:
      return ShmError(
        .peerDied, failure.attempt,
        "the far end closed its output without an acknowledgement, after \(bytes) bytes were written",
        remedy: Self.farCommand)
    case .invalid(let fault):
      return ShmError(
        .peerDied, failure.attempt,
        "the far end sent no valid acknowledgement: its output \(fault)", remedy: Self.farCommand)
    }
  }

  private static var farCommand: Remedy {
    "a program that acknowledges framed streams must run at the far end"
  }

  /// How long to wait for the answer of a far end that does not read any more.
  private static var replyGrace: Duration { .seconds(2) }

  /// The far end's reason for closing its input, if its answer arrives soon; otherwise the error.
  private mutating func reasonOfReply(_ error: ShmError) -> ShmError {
    guard error.kind == .inputOutput, let descriptor = reply?.descriptor else { return error }
    let clock = Deadline(after: Self.replyGrace)
    while reply?.outcome == nil, clock.passed == nil {
      guard let isReady = try? Waiter.isReady(descriptor, timeout: clock.left) else { break }
      if isReady { reply?.read() }
    }
    return replyError ?? error
  }

  private mutating func deliver(
    _ record: inout FrameRecord, to sink: inout StreamSink
  ) throws(ShmError) {
    while !record.isWritten {
      report.crossings += 1
      try unsafe record.write { (head, data) throws(ShmError) in
        try unsafe deliver(head, data, to: &sink)
      }
    }
  }

  /// How long the far end may take to read an abort record.
  private static var abortWriteLimit: Duration { .seconds(1) }

  /// Writes the rest of a record and why no more comes, if the sink takes it soon.
  private func writeAbort(
    _ reason: String, after total: UInt64, behind record: inout FrameRecord,
    to sink: inout StreamSink
  ) {
    let clock = Deadline(after: Self.abortWriteLimit)
    var last = FrameRecord(FrameEncoder.record(abort: reason, after: total))
    while !last.isWritten {
      guard (try? Waiter.isReady(sink.descriptor, for: POLLOUT, timeout: clock.left)) == true,
        (try? record.isWritten ? push(&last, to: &sink) : push(&record, to: &sink)) != nil
      else { return }
    }
  }

  /// Writes some bytes of a record to a sink that is ready.
  private func push(
    _ record: inout FrameRecord, to sink: inout StreamSink
  ) throws(ShmError) {
    try unsafe record.write { (head, data) throws(ShmError) in
      try unsafe sink.write(head, data, isReady: true) ?? 0
    }
  }
}
