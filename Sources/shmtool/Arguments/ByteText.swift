/// Bytes as a user writes them: text in UTF-8 with `\n`, `\t`, `\r`, `\0`, `\\` and `\xNN`.
struct ByteText: ArgumentWord {
  static let form =
    "expected non-empty text, with the escapes \\n \\t \\r \\0 \\\\ and \\xNN"

  let bytes: [UInt8]

  /// nil if it is empty or has another escape.
  init?(argument: String) {
    var bytes: [UInt8] = []
    var rest = argument.utf8[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "\\") else {
        bytes.append(byte)
        continue
      }
      switch rest.popFirst() {
      case UInt8(ascii: "n"): bytes.append(0x0A)
      case UInt8(ascii: "t"): bytes.append(0x09)
      case UInt8(ascii: "r"): bytes.append(0x0D)
      case UInt8(ascii: "0"): bytes.append(0)
      case UInt8(ascii: "\\"): bytes.append(UInt8(ascii: "\\"))
      case UInt8(ascii: "x"):
        guard rest.count >= 2,
          rest.prefix(2).allSatisfy({ Character(UnicodeScalar($0)).isHexDigit }),
          let value = UInt8(Substring(rest.prefix(2)), radix: 16)
        else { return nil }
        bytes.append(value)
        rest = rest.dropFirst(2)
      default: return nil
      }
    }
    if bytes.isEmpty { return nil }
    self.bytes = bytes
  }
}
