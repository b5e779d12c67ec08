extension Escaping {
  /// Encodes `bytes` as one field of a line.
  ///
  /// Each byte of these characters becomes `\xNN`: blanks, control characters, invisible characters and backslashes. So
  /// does each byte that is not UTF-8.
  ///
  /// The field has neither a blank nor a tab nor a line feed, so that a line splits into its fields. To restore the
  /// bytes, replace each `\xNN`: a shell does this with `printf %b`.
  ///
  /// - Complexity: linear in the length.
  package static func field(_ bytes: some Sequence<UInt8>) -> String {
    var text = ""
    var decoder = UTF8Decoder(Array(bytes))
    while let piece = decoder.next() {
      switch piece {
      case .scalar(let scalar) where scalar != "\\" && isInField(scalar):
        text.unicodeScalars.append(scalar)
      case .scalar(let scalar): for byte in String(scalar).utf8 { text += escapedByte(byte) }
      case .invalid(let byte): text += escapedByte(byte)
      }
    }
    return text
  }

  private static func isInField(_ scalar: Unicode.Scalar) -> Bool {
    !isHidden(scalar) && scalar.properties.generalCategory != .spaceSeparator
  }

  private static func escapedByte(_ byte: UInt8) -> String {
    "\\x" + hexadecimal(UInt32(byte), digits: 2)
  }
}
