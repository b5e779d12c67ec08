/// Bytes as words of bash: what the shell passes to the program is exactly these bytes, and what a
/// terminal shows of the word is printable.
enum ShellQuoting {
  /// A whole word, or the rest of one of which the beginning is not quoted.
  static func word(_ bytes: [UInt8]) -> String {
    guard let text = printable(bytes) else { return "$'" + escaped(bytes) + "'" }
    let isPlain = bytes.first.map { !"~#=%+".utf8.contains($0) } ?? false
    if isPlain, bytes.allSatisfy(isSafe) { return text }
    return "'" + text.replacing("'", with: "'\\''") + "'"
  }

  /// The rest of a word after a quotation was opened, with the opening mark again. Readline drops the
  /// mark that stands there already, and closes the quotation unless the last character does that.
  static func rest(_ bytes: [UInt8], in quote: OpenQuote) -> String {
    switch quote {
    case .none: return word(bytes)
    case .ansi: return "'" + escaped(bytes) + "'"
    case .single:
      guard let text = printable(bytes) else { return "''$'" + escaped(bytes) + "'" }
      return "'" + text.replacing("'", with: "'\\''") + "'"
    case .double:
      guard let text = printable(bytes) else { return "\"\"$'" + escaped(bytes) + "'\"\"" }
      var quoted = "\""
      for scalar in text.unicodeScalars {
        // History expansion works inside double quotation marks, and keeps a backslash before it.
        if scalar == "!" {
          quoted += "\"'!'\""
          continue
        }
        if "$`\"\\".unicodeScalars.contains(scalar) { quoted += "\\" }
        quoted.unicodeScalars.append(scalar)
      }
      return quoted + "\""
    }
  }

  /// The bytes as text; nil if a terminal would not show all of it.
  static func printable(_ bytes: [UInt8]) -> String? {
    guard let text = String(validating: bytes, as: UTF8.self),
      text.unicodeScalars.allSatisfy({ !isHidden($0) })
    else { return nil }
    return text
  }

  private static func isSafe(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: "_-./,:=@%+".utf8.contains(byte)
    }
  }

  /// The inside of `$'…'`. Readline takes every quotation mark for the end, so none stands in it.
  private static func escaped(_ bytes: [UInt8]) -> String {
    var text = ""
    for byte in bytes {
      switch byte {
      case UInt8(ascii: "\n"): text += "\\n"
      case UInt8(ascii: "\t"): text += "\\t"
      case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "!"), ..<0x20, 0x7F...:
        let digits = String(byte, radix: 16)
        text += "\\x" + (digits.count < 2 ? "0" : "") + digits
      default: text.unicodeScalars.append(Unicode.Scalar(byte))
      }
    }
    return text
  }

  private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse,
      .unassigned:
      true
    default: false
    }
  }
}
