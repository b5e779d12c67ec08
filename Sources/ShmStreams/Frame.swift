/// The framed form of a stream: what `FrameEncoder` writes and `FrameDecoder` reads. Nothing here does I/O.
///
/// A framed stream carries the bytes of a stream through pipes and sockets to other hosts, where an end of input
/// does not mean that the stream is complete. All numbers are little-endian.
///
/// It begins with a preamble of 32 bytes:
///
/// | offset | bytes | meaning |
/// | --- | --- | --- |
/// | 0 | 8 | `SHMFRAME` |
/// | 8 | 8 | a random number; an acknowledgement repeats the number of what it acknowledges |
/// | 16 | 8 | the number of data bytes that follow; 2^64 - 1 if unknown |
/// | 24 | 2 | the version, 1 |
/// | 26 | 2 | the kind: 1 for data, 2 for an acknowledgement |
/// | 28 | 4 | CRC-32C of the 28 bytes before |
///
/// Records follow, each with a header of 24 bytes:
///
/// | offset | bytes | meaning |
/// | --- | --- | --- |
/// | 0 | 4 | the type: `DATA`, `END ` or `ABRT` |
/// | 4 | 4 | the number of bytes that follow the header: 1 to 65,536 of data, 0 for an end, 0 to 192 of text |
/// | 8 | 8 | the number of data bytes from the start up to the end of this record |
/// | 16 | 4 | CRC-32C of all these data bytes; of the text in `ABRT` |
/// | 20 | 4 | CRC-32C of the 20 bytes before |
///
/// The stream is complete only after a valid `END `. An acknowledgement has no data records: its `END ` repeats
/// the total and the checksum of the `END ` that it acknowledges. A reader of an acknowledgement skips records of
/// other types, of up to 65,536 bytes.
enum Frame {
  /// The contents of a framed stream.
  enum Kind: UInt16 {
    case data = 1
    case acknowledgement = 2
  }

  /// The types of records, as the four bytes of their names.
  enum RecordType: UInt32 {
    case data = 0x4154_4144
    case end = 0x2044_4E45
    case abort = 0x5452_4241
  }

  /// The fields of a preamble.
  struct Preamble: Hashable, Sendable {
    var kind = Kind.data
    /// The number of the stream.
    var identifier: UInt64
    /// The data bytes that will come; nil if unknown.
    var expected: UInt64?
  }

  /// The fields of the header of a record.
  struct Header: Hashable, Sendable {
    /// Nil for a type that this version does not know.
    var type: RecordType?
    /// The bytes that follow.
    var length: Int
    /// The data bytes up to the end of this record.
    var total: UInt64
    /// CRC-32C of these bytes, or of the text.
    var checksum: UInt32
  }

  /// The end of a framed stream: its size and CRC-32C.
  struct End: Hashable, Sendable {
    var total: UInt64
    var checksum: UInt32
  }

  static let preambleSize = 32
  static let headerSize = 24
  /// The most bytes of one data record: the smallest ring holds it, so it can be checked before any receiver
  /// sees it.
  static let largestData = RingGeometry.capacities.lowerBound
  /// The most bytes of a text.
  static let largestText = 192
  static let version: UInt16 = 1
  static let magic: UInt64 = 0x454D_4152_464D_4853
}

extension Frame.Preamble {
  /// The 32 bytes.
  var bytes: [UInt8] {
    var bytes = LittleEndian.bytes(Frame.magic) + LittleEndian.bytes(identifier)
    bytes += LittleEndian.bytes(expected ?? .max)
    bytes += LittleEndian.bytes(Frame.version) + LittleEndian.bytes(kind.rawValue)
    return bytes + LittleEndian.bytes(Checksum.of(bytes))
  }

  /// Reads a preamble.
  ///
  /// - Parameter bytes: exactly 32.
  /// - Throws: `FrameFault`.
  init(_ bytes: some Collection<UInt8>) throws(FrameFault) {
    let bytes = Array(bytes)
    guard bytes.count == Frame.preambleSize, LittleEndian.number(bytes, 0) == Frame.magic else {
      throw FrameFault("is not a framed stream")
    }
    let checksum: UInt32 = LittleEndian.number(bytes, 28)
    guard checksum == Checksum.of(bytes[..<28]) else {
      throw FrameFault("has a damaged preamble (CRC-32C)")
    }
    let version: UInt16 = LittleEndian.number(bytes, 24)
    guard version == Frame.version else {
      throw FrameFault(
        "has version \(version) of the framed form; only version \(Frame.version) is supported")
    }
    let kind: UInt16 = LittleEndian.number(bytes, 26)
    guard let kind = Frame.Kind(rawValue: kind) else {
      throw FrameFault("has the unknown kind \(kind)")
    }
    let expected: UInt64 = LittleEndian.number(bytes, 16)
    self.init(
      kind: kind, identifier: LittleEndian.number(bytes, 8),
      expected: expected == .max ? nil : expected)
  }
}

extension Frame.Header {
  /// The 24 bytes.
  var bytes: [UInt8] {
    var bytes = LittleEndian.bytes(type?.rawValue ?? 0) + LittleEndian.bytes(UInt32(length))
    bytes += LittleEndian.bytes(total) + LittleEndian.bytes(checksum)
    return bytes + LittleEndian.bytes(Checksum.of(bytes))
  }

  /// Reads a header.
  ///
  /// - Parameter bytes: exactly 24.
  /// - Throws: `FrameFault` for a damaged header, an unknown type and a length that the type cannot have.
  init(_ bytes: some Collection<UInt8>) throws(FrameFault) {
    let bytes = Array(bytes)
    let own: UInt32 = bytes.count == Frame.headerSize ? LittleEndian.number(bytes, 20) : 0
    guard bytes.count == Frame.headerSize, own == Checksum.of(bytes[..<20]) else {
      throw FrameFault("has a damaged record header (CRC-32C)")
    }
    let type = Frame.RecordType(rawValue: LittleEndian.number(bytes, 0))
    let length: UInt32 = LittleEndian.number(bytes, 4)
    let allowed =
      switch type {
      case .data: 1...Frame.largestData
      case .end: 0...0
      case .abort: 0...Frame.largestText
      case nil: 0...Frame.largestData
      }
    guard allowed.contains(Int(length)) else {
      throw FrameFault("has a record with an invalid length of \(length) bytes")
    }
    self.init(
      type: type, length: Int(length), total: LittleEndian.number(bytes, 8),
      checksum: LittleEndian.number(bytes, 16))
  }
}

/// Why bytes are not a framed stream, or a damaged one. The subject of the sentence is the input.
struct FrameFault: Error, Hashable {
  let reason: String

  init(_ reason: String) {
    self.reason = reason
  }
}

/// Numbers in little-endian bytes.
enum LittleEndian {
  static func bytes<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
    (0..<Number.bitWidth / 8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
  }

  static func number<Number: FixedWidthInteger & UnsignedInteger>(
    _ bytes: [UInt8], _ offset: Int
  ) -> Number {
    (0..<Number.bitWidth / 8).reduce(0) { $0 | Number(bytes[offset + $1]) << (8 * $1) }
  }
}
