import ShmCore

/// A receiver as its sender knows it: its connection, and what wakes it. A class, for an array holds
/// no values that have one owner.
final class StreamPeer {
  /// How far the meeting has come.
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

  /// What it is called in messages.
  var name: String { "the receiver" }
}
