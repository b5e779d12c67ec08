import ShmCore

/// The sentences of streams that fail, the same at both ends.
struct StreamFailure {
  /// The failed operation: "cannot send 'frames'".
  let attempt: String

  /// The peer exited without a message.
  func peerDied(_ who: String, _ process: Int32, after bytes: UInt64) -> ShmError {
    // 0 is a process that is not visible in this namespace.
    let known = process > 0 ? " (process \(process))" : ""
    return ShmError(.peerDied, attempt, "\(who)\(known) died after \(bytes) bytes")
  }

  /// The peer aborted the stream with a reason.
  func aborted(_ who: String, _ reason: String) -> ShmError {
    ShmError(.aborted, attempt, "\(who) aborted the stream: \(reason)")
  }

  /// The peer violated the protocol.
  func broken(_ who: String, _ what: String) -> ShmError {
    ShmError(.damaged, attempt, "\(who) \(what)")
  }

  /// The time limit for the meeting expired.
  func noMeeting(_ what: String, _ limit: Duration, remedy: Remedy? = nil) -> ShmError {
    ShmError(.timedOut, attempt, "\(what) within \(Clock.text(limit))", remedy: remedy)
  }

  /// No bytes were transferred within the time limit.
  func stalled(_ limit: Duration, after bytes: UInt64) -> ShmError {
    ShmError(
      .timedOut, attempt, "no byte was transferred for \(Clock.text(limit)), after \(bytes) bytes")
  }

  /// The text of an error for the peer: its reason, and its object if that is not the stream.
  func reason(_ error: ShmError) -> String {
    error.attempt == attempt ? error.reason : "\(error.attempt): \(error.reason)"
  }

  /// The error for a call that is not allowed. The stream stays open.
  func misuse(_ reason: String) -> ShmError { ShmError(.usage, attempt, reason) }

  /// A signal interrupted the stream.
  var interrupted: ShmError { ShmError(.interrupted, attempt, "it was interrupted") }
}

/// An end of a stream, which aborts the stream after an error.
protocol StreamEnd: ~Copyable {
  /// Aborts the stream because of an error, which later calls throw again.
  mutating func abort(_ error: ShmError)
}

extension StreamEnd where Self: ~Copyable {
  /// Aborts the stream, and returns the error for the caller to throw. Not inlined, because that would put copies of
  /// strings on the path of each record.
  @inline(never)
  mutating func aborting(because error: ShmError) -> ShmError {
    abort(error)
    return error
  }
}
