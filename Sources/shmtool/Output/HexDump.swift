import ShmCore

/// Bytes as hexadecimal and text, in the form of `hexdump -C`.
enum HexDump {
  /// Writes the bytes of a range to stdout, some kilobytes at a time.
  static func write(_ region: borrowing Region, _ range: Range<Int>) throws(ShmError) {
    var offset = range.lowerBound
    while offset < range.upperBound {
      var bytes = [UInt8](repeating: 0, count: min(16384, range.upperBound - offset))
      let count = try unsafe bytes.withUnsafeMutableBufferPointer {
        (buffer) throws(ShmError) -> Int in
        try unsafe region.read(into: UnsafeMutableRawBufferPointer(buffer), at: offset)
      }
      if count < bytes.count {
        throw ShmError(
          .inputOutput, "cannot read \(region.reference.quoted)",
          "another process shrank it: it now ends at byte \(offset + count)")
      }
      try Output.write(text(bytes, at: offset))
      offset += count
    }
    try Output.write(hexadecimal(range.upperBound, digits: 8) + "\n")
  }

  /// The lines for some bytes.
  static func text(_ bytes: [UInt8], at offset: Int) -> String {
    var text = ""
    for start in stride(from: 0, to: bytes.count, by: 16) {
      let row = bytes[start..<min(start + 16, bytes.count)]
      text += hexadecimal(offset + start, digits: 8) + " "
      for column in 0..<16 {
        if column % 8 == 0 { text += " " }
        text += column < row.count ? hexadecimal(Int(row[start + column]), digits: 2) + " " : "   "
      }
      text += " |"
      for byte in row {
        text += (0x20..<0x7F).contains(byte) ? String(UnicodeScalar(byte)) : "."
      }
      text += "|\n"
    }
    return text
  }

  private static func hexadecimal(_ value: Int, digits: Int) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
  }
}
