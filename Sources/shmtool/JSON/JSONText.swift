import FoundationEssentials
import ShmCore

/// Writes a report as JSON on one line, with sorted keys in snake_case.
///
/// No number in the text is beyond ±(2^53 - 1): many programs read numbers as doubles and would round it. A number
/// beyond that is a string. RFC 8259, section 6
enum JSONText {
  /// The largest magnitude of a number.
  static let largestNumber: Double = 0x1F_FFFF_FFFF_FFFF

  /// The text of a value, without a line end.
  ///
  /// - Throws: `EncodingError`, if a number is infinite or not a number: no report has such a number.
  /// - Complexity: linear in the length of the text, and in the sorting of the keys of each object.
  static func encode(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    let json = quotingLargeNumbers([UInt8](try encoder.encode(value)))
    return Escaping.json(String(decoding: json, as: UTF8.self))
  }

  /// Puts the numbers whose magnitude is beyond the largest into quotes.
  ///
  /// - Parameter json: JSON as an encoder writes it.
  /// - Returns: JSON in which these numbers are strings.
  static func quotingLargeNumbers(_ json: [UInt8]) -> [UInt8] {
    var quoted: [UInt8] = []
    // What `quoted` has; nothing is copied if every number can remain.
    var copied = 0
    var index = 0
    while index < json.count {
      switch json[index] {
      case UInt8(ascii: "\""):
        index = end(ofString: index, in: json)
      case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
        let start = index
        while index < json.count, isInNumber(json[index]) { index += 1 }
        guard isLarge(json[start..<index]) else { continue }
        quoted += json[copied..<start]
        quoted.append(UInt8(ascii: "\""))
        quoted += json[start..<index]
        quoted.append(UInt8(ascii: "\""))
        copied = index
      default:
        index += 1
      }
    }
    return copied == 0 ? json : quoted + json[copied...]
  }

  /// The index after the closing quote of a string that begins at an index.
  private static func end(ofString start: Int, in json: [UInt8]) -> Int {
    var index = start + 1
    while index < json.count, json[index] != UInt8(ascii: "\"") {
      index += json[index] == UInt8(ascii: "\\") ? 2 : 1
    }
    return index + 1
  }

  private static func isInNumber(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"),
      UInt8(ascii: "."), UInt8(ascii: "E"), UInt8(ascii: "e"):
      true
    default: false
    }
  }

  /// Whether a number is beyond the largest. As a double, no integer beyond it is rounded to one that is not.
  private static func isLarge(_ number: ArraySlice<UInt8>) -> Bool {
    // Fifteen digits without an exponent are never beyond it.
    if number.count <= 15, !number.contains(where: { $0 | 0x20 == UInt8(ascii: "e") }) {
      return false
    }
    return Double(String(decoding: number, as: UTF8.self)).map { abs($0) > largestNumber } ?? false
  }
}
