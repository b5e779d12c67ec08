import ShmCore

/// The messages of the two ends over the socket, one message in a packet. This type does no I/O.
///
/// A packet is 256 bytes, little-endian: the magic `SHMS`, the type and the version in two bytes
/// each, six numbers of eight bytes, the length of a text in eight, and the text in UTF-8.
enum StreamMessage: Hashable, Sendable {
  /// A receiver asks to take part.
  case join
  /// The sender describes the ring. The descriptors of its memory and the two events are attached.
  case hello(Hello)
  /// The receiver has mapped the ring.
  case ready(stream: UInt64)
  /// All receivers are connected: the transfer begins.
  case start(stream: UInt64)
  /// The sender has written all bytes: their number, and their checksum if it was computed.
  case end(stream: UInt64, total: UInt64, checksum: UInt32?)
  /// The receiver has delivered everything.
  case done(stream: UInt64, total: UInt64)
  /// One end aborted the stream after that many bytes.
  case abort(stream: UInt64, bytes: UInt64, reason: String)
  /// The stream already has all its receivers.
  case busy

  /// The description of the ring for a receiver.
  struct Hello: Hashable, Sendable {
    /// The number of the stream, by chance: messages of another are refused.
    var stream: UInt64
    /// The bytes of the ring.
    var capacity: UInt64
    /// The offset of the data in the memory.
    var dataOffset: UInt64
    /// Which receiver this is, from 0 on.
    var index: UInt64
    /// The number of bytes that will be sent; 2^64 - 1 if the sender does not know it.
    var expected: UInt64
    /// Bit 0: the ring is to be wired. Bit 1: there will be a checksum.
    var flags: UInt64
  }

  /// The bytes of a packet.
  static let size = 256
  /// The bytes of a text at the most.
  static let largestText = size - 64

  private static let magic: UInt32 = 0x534D_4853
  private static let version: UInt16 = 1

  /// The packet.
  var packet: [UInt8] {
    switch self {
    case .join: Self.packet(1, [])
    case .hello(let hello):
      Self.packet(
        2,
        [
          hello.stream, hello.capacity, hello.dataOffset, hello.index, hello.expected, hello.flags,
        ])
    case .ready(let stream): Self.packet(3, [stream])
    case .end(let stream, let total, let checksum):
      Self.packet(4, [stream, total, checksum == nil ? 0 : 1, UInt64(checksum ?? 0)])
    case .done(let stream, let total): Self.packet(5, [stream, total])
    case .abort(let stream, let bytes, let reason): Self.packet(6, [stream, bytes], text: reason)
    case .busy: Self.packet(7, [])
    case .start(let stream): Self.packet(8, [stream])
    }
  }

  /// Parses a packet; nil if it is invalid or has another version.
  init?(packet: some Collection<UInt8>) {
    let bytes = Array(packet)
    guard bytes.count == Self.size, Self.number(bytes, 0, 4) == UInt64(Self.magic),
      Self.number(bytes, 6, 2) == UInt64(Self.version)
    else { return nil }
    let values = (0..<6).map { Self.number(bytes, 8 + 8 * $0, 8) }
    switch Self.number(bytes, 4, 2) {
    case 1: self = .join
    case 2:
      self = .hello(
        Hello(
          stream: values[0], capacity: values[1], dataOffset: values[2], index: values[3],
          expected: values[4], flags: values[5]))
    case 3: self = .ready(stream: values[0])
    case 4:
      guard values[2] <= 1, values[3] <= UInt64(UInt32.max) else { return nil }
      self = .end(
        stream: values[0], total: values[1],
        checksum: values[2] == 1 ? UInt32(values[3]) : nil)
    case 5: self = .done(stream: values[0], total: values[1])
    case 6:
      let length = Self.number(bytes, 56, 8)
      guard length <= UInt64(Self.largestText) else { return nil }
      let text = bytes[64..<64 + Int(length)]
      // The text of the peer is printed on a terminal.
      self = .abort(
        stream: values[0], bytes: values[1], reason: Escaping.sentence(text))
    case 7: self = .busy
    case 8: self = .start(stream: values[0])
    default: return nil
    }
  }

  private static func packet(_ type: UInt16, _ values: [UInt64], text: String = "") -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: size)
    func put(_ value: UInt64, _ offset: Int, _ count: Int) {
      for index in 0..<count {
        bytes[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * index))
      }
    }
    put(UInt64(magic), 0, 4)
    put(UInt64(type), 4, 2)
    put(UInt64(version), 6, 2)
    for (index, value) in values.enumerated() { put(value, 8 + 8 * index, 8) }
    // Cut at the end of a character.
    var text = text
    while text.utf8.count > largestText { text.removeLast() }
    put(UInt64(text.utf8.count), 56, 8)
    bytes.replaceSubrange(64..<64 + text.utf8.count, with: text.utf8)
    return bytes
  }

  private static func number(_ bytes: [UInt8], _ offset: Int, _ count: Int) -> UInt64 {
    (0..<count).reduce(0) { $0 | UInt64(bytes[offset + $1]) << (8 * UInt64($1)) }
  }
}
