import ShmCore

/// Checks the framed form of a stream, piece by piece. It does no I/O: the caller reads.
///
/// Each call takes exactly the bytes that the call before has asked for. Data must not be used before `check` has
/// compared its checksum.
struct FrameDecoder: Sendable {
  /// The next expected item.
  enum Next: Hashable {
    /// The number of data bytes that follow; pass them to `check`.
    case data(Int)
    /// The number of bytes of a text that follow; pass them to `reason`.
    case text(Int)
    /// The number of bytes that follow and are to be skipped: a record of a later version, which only an
    /// acknowledgement may have.
    case skipped(Int)
    /// Nothing: the stream is complete.
    case end(Frame.End)
  }

  /// The preamble of the stream.
  let preamble: Frame.Preamble
  private var header: Frame.Header?
  private var total: UInt64 = 0
  private var checksum = Checksum()

  /// - Parameters:
  ///   - bytes: the first 32 bytes.
  ///   - kind: the required kind of the stream.
  /// - Throws: `FrameFault`.
  init(_ bytes: some Collection<UInt8>, _ kind: Frame.Kind) throws(FrameFault) {
    preamble = try Frame.Preamble(bytes)
    guard preamble.kind == kind else {
      throw FrameFault(
        kind == .data
          ? "is an acknowledgement instead of a framed stream of data"
          : "is a framed stream of data instead of an acknowledgement")
    }
    guard kind == .data || preamble.expected == nil else {
      throw FrameFault("announces data in an acknowledgement")
    }
  }

  /// Reads the header of a record.
  ///
  /// - Parameter bytes: exactly 24.
  /// - Returns: the data that follows the header.
  /// - Throws: `FrameFault`, also if data was lost or repeated before.
  mutating func next(_ bytes: some Collection<UInt8>) throws(FrameFault) -> Next {
    let header = try Frame.Header(bytes)
    switch header.type {
    case nil:
      guard preamble.kind == .acknowledgement else {
        throw FrameFault("has a record of unknown type")
      }
      return .skipped(header.length)
    case .data:
      guard preamble.kind == .data else { throw FrameFault("has data in an acknowledgement") }
      let (sum, overflow) = total.addingReportingOverflow(UInt64(header.length))
      guard !overflow, header.total == sum else {
        throw FrameFault("lacks or repeats data after \(total) bytes")
      }
      self.header = header
      return .data(header.length)
    case .end:
      let end = Frame.End(total: header.total, checksum: header.checksum)
      if preamble.kind == .data {
        guard end == Frame.End(total: total, checksum: checksum.value) else {
          throw FrameFault("has an end record that does not match its \(total) bytes of data")
        }
        if let expected = preamble.expected, expected != total {
          throw FrameFault("announced \(expected) bytes and has \(total)")
        }
      }
      return .end(end)
    case .abort:
      guard preamble.kind == .acknowledgement || header.total == total else {
        throw FrameFault("lacks data after \(total) bytes")
      }
      self.header = header
      return .text(header.length)
    }
  }

  /// Compares data with its checksum.
  ///
  /// - Parameter data: the number of bytes that the header contains.
  /// - Throws: `FrameFault`.
  mutating func check(_ data: UnsafeRawBufferPointer) throws(FrameFault) {
    unsafe checksum.add(data)
    guard let header, checksum.value == header.checksum else {
      throw FrameFault("has damaged data after \(total) bytes (CRC-32C)")
    }
    total = header.total
    self.header = nil
  }

  /// The peer's reason for its abort.
  ///
  /// - Parameter text: the number of bytes that the header contains.
  /// - Returns: the text, made safe for a terminal.
  /// - Throws: `FrameFault`.
  mutating func reason(_ text: some Collection<UInt8>) throws(FrameFault) -> String {
    guard let header, Checksum.of(text) == header.checksum else {
      throw FrameFault("has a damaged reason for its abort (CRC-32C)")
    }
    self.header = nil
    return text.isEmpty ? "no reason given" : Escaping.sentence(text)
  }
}
