/// Encodes the framed form of a stream: the preamble, the record headers and the end. It does no I/O.
struct FrameEncoder: Sendable {
  /// The first bytes.
  let preamble: Frame.Preamble
  private var total: UInt64 = 0
  private var checksum = Checksum()

  /// A framed stream of data.
  ///
  /// - Parameters:
  ///   - identifier: a random number.
  ///   - expected: the bytes that will come; nil if unknown.
  init(identifier: UInt64, expected: UInt64?) {
    preamble = Frame.Preamble(identifier: identifier, expected: expected)
  }

  /// The end of the stream if no more data is added.
  var end: Frame.End { Frame.End(total: total, checksum: checksum.value) }

  /// Adds data bytes.
  ///
  /// - Parameter data: 1 to `Frame.largestData` bytes.
  /// - Returns: the header to write before them.
  mutating func add(_ data: UnsafeRawBufferPointer) -> [UInt8] {
    unsafe checksum.add(data)
    total += UInt64(data.count)
    return Frame.Header(type: .data, length: data.count, total: total, checksum: checksum.value)
      .bytes
  }

  /// The record that confirms that all bytes were written.
  static func record(of end: Frame.End) -> [UInt8] {
    Frame.Header(type: .end, length: 0, total: end.total, checksum: end.checksum).bytes
  }

  /// The record that aborts the stream, with the reason.
  static func record(abort reason: String, after total: UInt64) -> [UInt8] {
    // Cut at the end of a character.
    var reason = reason
    while reason.utf8.count > Frame.largestText { reason.removeLast() }
    let text = Array(reason.utf8)
    return Frame.Header(
      type: .abort, length: text.count, total: total, checksum: Checksum.of(text)
    ).bytes + text
  }

  /// The acknowledgement of a framed stream.
  ///
  /// - Parameters:
  ///   - identifier: the number of that stream.
  ///   - record: how it ended.
  /// - Returns: all bytes of the acknowledgement.
  static func acknowledgement(of identifier: UInt64, _ record: [UInt8]) -> [UInt8] {
    Frame.Preamble(kind: .acknowledgement, identifier: identifier, expected: nil).bytes + record
  }
}
