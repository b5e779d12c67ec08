import CShm
import Glibc
import ShmCore
import SystemPackage

/// The control connection of one pair: messages in packets, and descriptors with the first.
struct StreamSocket: ~Copyable, Sendable {
  let descriptor: OwnedDescriptor
  /// The process at the other end when it connected.
  let peer: Int32

  /// The result of a check of the connection.
  enum Arrival: Equatable {
    /// Nothing yet.
    case nothing
    /// A message.
    case message(StreamMessage)
    /// Bytes that are no message of this version.
    case nonsense
    /// A message whose descriptors this process cannot receive.
    case cutOff
    /// The peer closed the connection.
    case closed
    /// The state is unknown, because of an error of this process or machine.
    case failed(Errno)
  }

  /// Takes a connected socket over, if the other end is the same user's. unix(7), SO_PEERCRED
  init(checking descriptor: consuming OwnedDescriptor, _ attempt: String) throws(ShmError) {
    var process: pid_t = 0
    var user: uid_t = 0
    let raw = descriptor.raw
    do {
      try SystemCall.checkNegated { unsafe cshm_peer(raw, &process, &user) }
    } catch {
      throw ShmError(attempt, error)
    }
    let own = ProcessView.user
    guard user == own else {
      throw ShmError(
        .notPermitted, attempt,
        "the peer runs as user \(user), and this process as user \(own)")
    }
    self.descriptor = descriptor
    peer = process
  }

  /// Sends one message. A closed peer is not an error here, because the next receive reports it. Any other failure is
  /// an error, because the peer would wait for the message.
  ///
  /// - Throws: `ShmError` if the kernel has no room for the message.
  func send(
    _ message: StreamMessage, descriptors: [CInt] = [], _ attempt: String
  ) throws(ShmError) {
    let sent = transmit(message, descriptors)
    guard sent < 0, sent != -Int(EPIPE), sent != -Int(ECONNRESET) else { return }
    throw ShmError(attempt, Errno(rawValue: CInt(-sent)))
  }

  /// Sends the last message. Errors are ignored, because the closed connection has the same meaning.
  ///
  /// If a socket is closed with unread messages, the peer's next call fails with ECONNRESET before it can read the last
  /// message. Therefore all pending messages of the peer are read first. unix(7)
  func sendLast(_ message: StreamMessage) {
    _ = transmit(message, [])
    _ = cshm_stop_receiving(descriptor.raw)
    for _ in 0..<Self.mostUnread {
      guard case .message = receive() else { return }
    }
  }

  /// The maximum number of pending messages to discard. Each of the five kinds can be pending once, so this is more
  /// than enough.
  private static var mostUnread: Int { 16 }

  private func transmit(_ message: StreamMessage, _ descriptors: [CInt]) -> Int {
    let packet = message.packet
    return unsafe packet.withUnsafeBytes { bytes in
      unsafe descriptors.withUnsafeBufferPointer { numbers in
        unsafe cshm_send(
          descriptor.raw, bytes.baseAddress, bytes.count, numbers.baseAddress, CInt(numbers.count))
      }
    }
  }

  /// The received message. It never blocks. Unexpected descriptors are closed.
  func receive() -> Arrival {
    var none: [OwnedDescriptorBox] = []
    return receive(descriptors: &none)
  }

  /// The received message with its descriptors.
  func receive(descriptors boxes: inout [OwnedDescriptorBox]) -> Arrival {
    // One byte more than a message has: a longer packet is seen as one.
    var packet = [UInt8](repeating: 0, count: StreamMessage.size + 1)
    var numbers = [CInt](repeating: -1, count: Int(CSHM_MAXIMUM_DESCRIPTORS))
    var number: CInt = 0
    while true {
      let count = unsafe packet.withUnsafeMutableBytes { bytes in
        unsafe cshm_receive(descriptor.raw, bytes.baseAddress, bytes.count, &numbers, &number)
      }
      boxes = numbers[..<Int(number)].map { OwnedDescriptorBox(OwnedDescriptor(adopting: $0)) }
      switch count {
      case 0: return .closed
      case -Int(EINTR): continue
      // Reported once if the peer closed the connection with unread messages. The peer's own message follows.
      case -Int(ECONNRESET): continue
      case -Int(EAGAIN): return .nothing
      case -Int(EMSGSIZE): return .nonsense
      case -Int(EMFILE): return .cutOff
      case ..<0: return .failed(Errno(rawValue: CInt(-count)))
      default:
        return StreamMessage(packet: packet[..<count]).map { .message($0) } ?? .nonsense
      }
    }
  }
}
