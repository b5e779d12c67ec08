extension Escaping {
  /// `bytes` as one word of a shell: unquoted if a shell leaves it alone, else as `quoted` writes it.
  ///
  /// A name with a blank becomes `'a b'`, and a name with a line feed `$'a\nb'`.
  ///
  /// - Complexity: linear in the length.
  package static func word(_ bytes: [UInt8]) -> String {
    isHarmless(bytes) ? String(decoding: bytes, as: UTF8.self) : quoted(bytes)
  }

  /// `bytes` in quotes, safe for a terminal: `'…'`, or `$'…'` if they hold a quote, or anything that
  /// `printable` hides. Pasted into bash, zsh or ksh it is exactly these bytes.
  ///
  /// - Complexity: linear in the length.
  package static func quoted(_ bytes: some Sequence<UInt8>) -> String {
    var plain = String.UnicodeScalarView()
    var text = ""
    var isPlain = true
    var decoder = UTF8Decoder(Array(bytes))
    while let piece = decoder.next() {
      switch piece {
      case .scalar(let scalar) where isVisible(scalar) && scalar != "'":
        plain.append(scalar)
        text.unicodeScalars.append(contentsOf: scalar == "\\" ? [scalar, scalar] : [scalar])
      case .scalar(let scalar):
        isPlain = false
        text += escaped(scalar)
      case .invalid(let byte):
        isPlain = false
        text += escaped(byte)
      }
    }
    return isPlain ? "'\(String(plain))'" : "$'\(text)'"
  }

  private static func escaped(_ scalar: Unicode.Scalar) -> String {
    switch scalar {
    case "'": "\\'"
    case "\n": "\\n"
    case "\t": "\\t"
    case "\r": "\\r"
    default: String(scalar).utf8.map { escaped($0) }.joined()
    }
  }

  /// Two digits always: the shells read no third one.
  private static func escaped(_ byte: UInt8) -> String {
    "\\x" + hexadecimal(UInt32(byte), digits: 2)
  }

  /// Blanks other than the ASCII one look like it, or like nothing.
  private static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
    scalar == " " || !isHidden(scalar) && scalar.properties.generalCategory != .spaceSeparator
  }

  private static func isHarmless(_ bytes: [UInt8]) -> Bool {
    guard let text = String(validating: bytes, as: UTF8.self), !text.isEmpty else { return false }
    return text.unicodeScalars.allSatisfy { scalar in
      switch scalar {
      case "a"..."z", "A"..."Z", "0"..."9": true
      case "_", "-", ".", "/", ":", ",", "+", "@", "%": true
      default: scalar.value >= 0x80 && isVisible(scalar)
      }
    }
  }
}
