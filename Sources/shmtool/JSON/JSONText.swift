import ShmCore

/// Writes a report as JSON on one line, with sorted keys in snake_case.
///
/// No number in the text is beyond ±(2^53 - 1): many programs read numbers as doubles and would round it. An integer
/// beyond that is a string of its digits. RFC 8259, section 6
enum JSONText {
  /// The largest magnitude of a number.
  static let largestNumber: UInt64 = (1 << 53) - 1

  /// The text of a value, without a line end.
  ///
  /// - Complexity: linear in the length of the text, and in the sorting of the keys of each object.
  static func encode(_ value: some Encodable) throws -> String {
    let encoder = JSONBoxEncoder()
    try value.encode(to: encoder)
    var bytes: [UInt8] = []
    encoder.box.value.write(into: &bytes)
    return Escaping.json(String(decoding: bytes, as: UTF8.self))
  }
}

/// A value of JSON that is being written.
enum JSONValue {
  /// A number, `true`, `false` or `null`.
  case literal(String)
  case string(String)
  case array([JSONValue])
  case object([(key: String, value: JSONValue)])
  /// A container that may not be complete yet.
  case box(JSONBox)

  static var null: JSONValue { .literal("null") }

  /// Appends the text.
  func write(into bytes: inout [UInt8]) {
    switch self {
    case .literal(let text): bytes.append(contentsOf: text.utf8)
    case .string(let text): Self.write(text, into: &bytes)
    case .box(let box): box.value.write(into: &bytes)
    case .array(let values):
      bytes.append(UInt8(ascii: "["))
      for (index, value) in values.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        value.write(into: &bytes)
      }
      bytes.append(UInt8(ascii: "]"))
    case .object(let members):
      bytes.append(UInt8(ascii: "{"))
      for (index, member) in members.sorted(by: { $0.key < $1.key }).enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        Self.write(member.key, into: &bytes)
        bytes.append(UInt8(ascii: ":"))
        member.value.write(into: &bytes)
      }
      bytes.append(UInt8(ascii: "}"))
    }
  }

  private static func write(_ text: String, into bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
      case UInt8(ascii: "\n"): bytes += "\\n".utf8
      case UInt8(ascii: "\r"): bytes += "\\r".utf8
      case UInt8(ascii: "\t"): bytes += "\\t".utf8
      case ..<0x20:
        let digits = String(byte, radix: 16)
        bytes += "\\u00\(digits.utf8.count < 2 ? "0" : "")\(digits)".utf8
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }
}

/// A value that is written without a container.
protocol JSONLeaf {
  var json: JSONValue { get }
}

extension Bool: JSONLeaf {
  var json: JSONValue { .literal(self ? "true" : "false") }
}

extension String: JSONLeaf {
  var json: JSONValue { .string(self) }
}

extension JSONLeaf where Self: BinaryInteger {
  /// A number, or a string of digits if the number would not be exact everywhere.
  var json: JSONValue {
    magnitude <= JSONText.largestNumber ? .literal("\(self)") : .string("\(self)")
  }
}

extension Int: JSONLeaf {}
extension Int8: JSONLeaf {}
extension Int16: JSONLeaf {}
extension Int32: JSONLeaf {}
extension Int64: JSONLeaf {}
extension UInt: JSONLeaf {}
extension UInt8: JSONLeaf {}
extension UInt16: JSONLeaf {}
extension UInt32: JSONLeaf {}
extension UInt64: JSONLeaf {}

extension Double: JSONLeaf {
  /// A number; `null` if it is not finite or beyond the largest number, which no measured value is.
  var json: JSONValue {
    guard isFinite, magnitude <= Double(JSONText.largestNumber) else { return .null }
    if let whole = Int(exactly: self) { return .literal("\(whole)") }
    return .literal("\(self)")
  }
}

extension Float: JSONLeaf {
  var json: JSONValue { Double(self).json }
}
