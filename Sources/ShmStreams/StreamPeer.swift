import ShmCore

/// A receiver from the view of its sender: its connection and its event. It is a class, because an array cannot
/// hold noncopyable values.
///
/// Sendable is unchecked: only its sender, which has one owner, refers to it and changes it.
final class StreamPeer: @unchecked Sendable {
  /// The state of the meeting.
  enum Phase {
    /// It has connected.
    case connected
    /// It knows the ring.
    case greeted
    /// It has mapped the ring.
    case ready
    /// It has delivered everything.
    case done
  }

  let socket: StreamSocket
  /// Its place in the ring's header; nil before it has asked to take part.
  var index: Int?
  var phase = Phase.connected
  /// How long it may take to map the ring, from its greeting on.
  var patience = Deadline(after: StreamSender.handshakeLimit)
  /// Wakes it.
  var data: WakeEvent?

  init(_ socket: consuming StreamSocket) {
    self.socket = socket
  }

  /// Its name in messages.
  var name: String { "the receiver" }
}
