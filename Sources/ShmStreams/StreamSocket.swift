import CShm
import Glibc
import ShmCore
import SystemPackage

/// The control connection of one pair: messages in packets, and descriptors with the first.
struct StreamSocket: ~Copyable, Sendable {
  let descriptor: OwnedDescriptor
  /// The process at the other end when it connected.
  let peer: Int32

  /// What a look at the connection has brought.
  enum Arrival: Equatable {
    /// Nothing yet.
    case nothing
    /// A message.
    case message(StreamMessage)
    /// Bytes that are no message of this version.
    case nonsense
    /// A message whose descriptors this process cannot have.
    case cutOff
    /// The other end is gone.
    case closed
    /// The kernel cannot tell, for a reason of this process or machine.
    case failed(Errno)
  }

  /// Takes a connected socket over, if the other end is the same user's. unix(7), SO_PEERCRED
  init(checking descriptor: consuming OwnedDescriptor, _ attempt: String) throws(ShmError) {
    var process: pid_t = 0
    var user: uid_t = 0
    let raw = descriptor.raw
    try ShmError.saying(attempt) { () throws(Errno) in
      _ = try SystemCall.checkNegated { unsafe cshm_peer(raw, &process, &user) }
    }
    let own = ProcessView.user
    guard user == own else {
      throw ShmError(
        .notPermitted, attempt,
        "the other end belongs to user \(user), and this one to \(own)")
    }
    self.descriptor = descriptor
    peer = process
  }

  /// Sends one message. That the other end is gone is no error here: it is seen where its words are
  /// heard. One that cannot be sent would be waited for there, so it is an error.
  ///
  /// - Throws: `ShmError` where the kernel has no room for it.
  func send(
    _ message: StreamMessage, descriptors: [CInt] = [], _ attempt: String
  ) throws(ShmError) {
    let sent = transmit(message, descriptors)
    guard sent < 0, sent != -Int(EPIPE), sent != -Int(ECONNRESET) else { return }
    throw ShmError(attempt, Errno(rawValue: CInt(-sent)))
  }

  /// Sends last words: where they cannot be sent, that this end is gone says as much.
  ///
  /// To close a socket with something unread makes the other end's next call fail with ECONNRESET before
  /// it can read the last words, so nothing is left unread. unix(7)
  func part(_ message: StreamMessage) {
    _ = transmit(message, [])
    _ = cshm_stop_receiving(descriptor.raw)
    for _ in 0..<Self.mostUnread {
      guard case .message = receive() else { return }
    }
  }

  /// How many messages of the other end are taken and dropped at the end, at most: there are five kinds.
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

  /// What has come; it never waits. Descriptors that nobody asked for are closed.
  func receive() -> Arrival {
    var none: [OwnedDescriptorBox] = []
    return receive(descriptors: &none)
  }

  /// What has come, with its descriptors.
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
      // Told once where the other end went before it had read everything; what it said is behind.
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
