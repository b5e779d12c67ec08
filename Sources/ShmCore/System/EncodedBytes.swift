/// Bytes as ASCII text that no shell, option parser or JSON encoder changes: `bytes:` and the bytes,
/// percent-encoded. RFC 3986, section 2.1
///
/// It is the last resort for names that cannot be written plainly: JSON holds no bytes that are not
/// UTF-8.
///
/// The bytes 0x61 and 0xFF become `bytes:a%FF`.
package enum EncodedBytes {
  /// How encoded text begins.
  package static let prefix = "bytes:"

  /// Encodes `bytes`.
  ///
  /// - Complexity: linear in the length.
  package static func text(_ bytes: some Sequence<UInt8>) -> String {
    var text = prefix
    for byte in bytes {
      if isPlain(byte) {
        text.unicodeScalars.append(Unicode.Scalar(byte))
      } else {
        let digits = String(byte, radix: 16, uppercase: true)
        text += "%" + (digits.utf8.count < 2 ? "0" : "") + digits
      }
    }
    return text
  }

  /// Text for JSON: `bytes` if they are UTF-8 and cannot be mistaken for encoded text, else encoded.
  package static func json(_ bytes: [UInt8]) -> String {
    guard !bytes.starts(with: prefix.utf8), let text = String(validating: bytes, as: UTF8.self)
    else { return text(bytes) }
    return text
  }

  /// The bytes that encoded text stands for.
  ///
  /// - Parameter text: the text without its prefix.
  /// - Returns: the bytes; nil if a percent sign is not followed by two hexadecimal digits.
  package static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
    var bytes: [UInt8] = []
    var rest = text[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit)
      else { return nil }
      bytes.append(high << 4 | low)
    }
    return bytes
  }

  /// The unreserved characters of RFC 3986, and the two that keep a reference readable.
  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
      UInt8(ascii: "_"), UInt8(ascii: "/"), UInt8(ascii: ":"):
      true
    default: false
    }
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
