import ShmCore

/// The sentences of streams that fail, the same at both ends.
struct StreamFailure {
  /// What was tried: "cannot send 'frames'".
  let attempt: String

  /// The other end is gone without a word.
  func peerDied(_ who: String, _ process: Int32, after bytes: UInt64) -> ShmError {
    // 0 is one that cannot be seen from this namespace.
    let known = process > 0 ? " (process \(process))" : ""
    return ShmError(.peerDied, attempt, "\(who)\(known) has died after \(bytes) bytes")
  }

  /// The other end has given up, and said why.
  func aborted(_ who: String, _ reason: String) -> ShmError {
    ShmError(.aborted, attempt, "\(who) has given up: \(reason)")
  }

  /// The other end does not keep to the protocol.
  func broken(_ who: String, _ what: String) -> ShmError {
    ShmError(.damaged, attempt, "\(who) \(what)")
  }

  /// Nobody came.
  func noMeeting(_ what: String, _ limit: Duration) -> ShmError {
    ShmError(.timedOut, attempt, "\(what) in \(Clock.text(limit))")
  }

  /// Nothing moves.
  func stalled(_ limit: Duration, after bytes: UInt64) -> ShmError {
    ShmError(
      .timedOut, attempt, "no byte has moved for \(Clock.text(limit)), after \(bytes) bytes")
  }

  /// What the other end is told of an error: its reason, and what it happened to where that is not the
  /// stream.
  func reason(_ error: ShmError) -> String {
    error.attempt == attempt ? error.reason : "\(error.attempt): \(error.reason)"
  }

  /// A signal has come.
  var interrupted: ShmError { ShmError(.interrupted, attempt, "it was interrupted") }
}
