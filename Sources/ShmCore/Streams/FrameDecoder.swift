/// Checks the framed form of a stream, piece by piece. Pure: the caller reads.
///
/// Each call takes exactly the bytes that the one before has asked for. Nothing is taken for data before its
/// checksum has been compared.
struct FrameDecoder: Sendable {
  /// What comes next.
  enum Next: Hashable {
    /// So many data bytes, to be checked by `check`.
    case data(Int)
    /// So many bytes of a text, to be read by `reason`.
    case text(Int)
    /// Nothing: the stream is complete.
    case end(Frame.End)
  }

  /// What the stream began with.
  let preamble: Frame.Preamble
  private var header: Frame.Header?
  private var total: UInt64 = 0
  private var checksum = Checksum()

  /// - Parameters:
  ///   - bytes: the first 32 bytes.
  ///   - kind: what the stream must carry.
  /// - Throws: `FrameFault`.
  init(_ bytes: some Collection<UInt8>, _ kind: Frame.Kind) throws(FrameFault) {
    preamble = try Frame.Preamble(bytes)
    guard preamble.kind == kind else {
      throw FrameFault(
        kind == .data
          ? "is an acknowledgement, and a framed stream of data is expected"
          : "is a framed stream of data, and an acknowledgement is expected")
    }
  }

  /// Reads the header of a record.
  ///
  /// - Parameter bytes: exactly 24.
  /// - Returns: what follows it.
  /// - Throws: `FrameFault`, also if data was lost or repeated before.
  mutating func next(_ bytes: some Collection<UInt8>) throws(FrameFault) -> Next {
    let header = try Frame.Header(bytes)
    switch header.type {
    case .data:
      guard preamble.kind == .data else { throw FrameFault("has data in an acknowledgement") }
      let (sum, overflow) = total.addingReportingOverflow(UInt64(header.length))
      guard !overflow, header.total == sum else {
        throw FrameFault("has lost or repeated data after \(total) bytes")
      }
      self.header = header
      return .data(header.length)
    case .end:
      let end = Frame.End(total: header.total, checksum: header.checksum)
      if preamble.kind == .data {
        guard end == Frame.End(total: total, checksum: checksum.value) else {
          throw FrameFault("has another end than its \(total) bytes of data")
        }
      }
      return .end(end)
    case .abort:
      self.header = header
      return .text(header.length)
    }
  }

  /// Compares data with its checksum.
  ///
  /// - Parameter data: as many bytes as the header has said.
  /// - Throws: `FrameFault`.
  mutating func check(_ data: UnsafeRawBufferPointer) throws(FrameFault) {
    unsafe checksum.add(data)
    guard let header, checksum.value == header.checksum else {
      throw FrameFault("has damaged data after \(total) bytes (CRC-32C)")
    }
    total = header.total
    self.header = nil
  }

  /// Why the other end has given up.
  ///
  /// - Parameter text: as many bytes as the header has said.
  /// - Returns: the text, made safe for a terminal.
  /// - Throws: `FrameFault`.
  mutating func reason(_ text: some Collection<UInt8>) throws(FrameFault) -> String {
    guard let header, Checksum.of(text) == header.checksum else {
      throw FrameFault("has a damaged reason for its abort (CRC-32C)")
    }
    self.header = nil
    return Escaping.printable(text)
  }
}
