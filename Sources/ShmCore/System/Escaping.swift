/// Escapes names so that they are safe for a terminal and fit one line: control characters, invisible characters and
/// bytes that are not UTF-8 become `\xNN` or `\u{N}`.
package enum Escaping {
  /// `bytes` as text in which nothing moves a cursor, changes a colour, turns a direction or ends
  /// a line: control characters, invisible and bidirectional ones, and bytes that are not UTF-8
  /// are shown as `\xNN` or `\u{N}`, a backslash as `\\`.
  ///
  /// - Complexity: linear in the length.
  package static func printable(_ bytes: some Sequence<UInt8>) -> String {
    text(bytes, keepsBackslashes: false)
  }

  /// A sentence of another process: as `printable`, but a backslash stays, so that a sentence that is passed on
  /// from process to process is escaped once.
  package static func sentence(_ bytes: some Sequence<UInt8>) -> String {
    text(bytes, keepsBackslashes: true)
  }

  private static func text(_ bytes: some Sequence<UInt8>, keepsBackslashes: Bool) -> String {
    var text = ""
    var decoder = UTF8Decoder(Array(bytes))
    while let piece = decoder.next() {
      switch piece {
      case .scalar("\\") where keepsBackslashes: text += "\\"
      case .scalar(let scalar): append(scalar, to: &text)
      case .invalid(let byte): text += "\\x" + hexadecimal(UInt32(byte), digits: 2)
      }
    }
    return text
  }

  /// The same of a string.
  package static func printable(_ string: String) -> String {
    printable(string.utf8)
  }

  /// JSON in which the characters that `printable` hides are written as `\uNNNN`: it says the same
  /// and can be shown on a terminal. RFC 8259, section 7
  ///
  /// - Parameter text: JSON as an encoder gives it, which has escaped what is below a space.
  /// - Returns: JSON that says the same.
  /// - Complexity: linear in the length.
  package static func json(_ text: String) -> String {
    // Characters outside ASCII occur only in strings.
    guard text.unicodeScalars.contains(where: { $0.value >= 0x7F && isHidden($0) }) else {
      return text
    }
    var escaped = ""
    for scalar in text.unicodeScalars {
      if scalar.value >= 0x7F, isHidden(scalar) {
        for unit in String(scalar).utf16 {
          escaped += "\\u" + hexadecimal(UInt32(unit), digits: 4)
        }
      } else {
        escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }

  private static func append(_ scalar: Unicode.Scalar, to text: inout String) {
    switch scalar {
    case "\\": text += "\\\\"
    case "\n": text += "\\n"
    case "\t": text += "\\t"
    case "\r": text += "\\r"
    default:
      if isHidden(scalar) {
        text +=
          scalar.value < 0x80
          ? "\\x" + hexadecimal(scalar.value, digits: 2)
          : "\\u{" + hexadecimal(scalar.value, digits: 1) + "}"
      } else {
        text.unicodeScalars.append(scalar)
      }
    }
  }

  static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse,
      .unassigned:
      true
    default: false
    }
  }

  static func hexadecimal(_ value: UInt32, digits: Int) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
  }
}

/// Splits bytes into Unicode scalars and bytes that are not part of one.
package struct UTF8Decoder {
  /// One step.
  package enum Piece {
    case scalar(Unicode.Scalar)
    case invalid(UInt8)
  }

  private let bytes: [UInt8]
  private var index = 0

  package init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  /// The next piece; nil at the end.
  package mutating func next() -> Piece? {
    guard index < bytes.count else { return nil }
    let length =
      switch bytes[index] {
      case ..<0x80: 1
      case 0xC2..<0xE0: 2
      case 0xE0..<0xF0: 3
      case 0xF0..<0xF5: 4
      default: 0
      }
    if length > 0, index + length <= bytes.count,
      let text = String(validating: bytes[index..<index + length], as: UTF8.self),
      let scalar = text.unicodeScalars.first
    {
      index += length
      return .scalar(scalar)
    }
    index += 1
    return .invalid(bytes[index - 1])
  }
}
