/// The two or three shapes that the texts of /proc have. Pure, and total: no input traps.
package enum ProcText {
  /// The lines of `text`, without their ends.
  package static func lines(_ text: [UInt8]) -> [ArraySlice<UInt8>] {
    text.split(separator: UInt8(ascii: "\n"))
  }

  /// The words of `line`, split at blanks and tabs.
  package static func words(_ line: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
    line.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
  }

  /// `Name:   value` as name and value.
  package static func field(
    _ line: ArraySlice<UInt8>
  ) -> (name: String, value: ArraySlice<UInt8>)? {
    guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return nil }
    let value = line[(colon + 1)...].drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
    return (String(decoding: line[..<colon], as: UTF8.self), value)
  }

  /// `8192 kB` in bytes; a number without a unit as it is; nil for anything else.
  package static func amount(_ value: ArraySlice<UInt8>) -> Int? {
    let words = words(value)
    guard let first = words.first, let number = decimal(first) else { return nil }
    switch words.count {
    case 1: return number
    case 2 where words[1].elementsEqual("kB".utf8):
      let (bytes, overflow) = number.multipliedReportingOverflow(by: 1024)
      return overflow ? nil : bytes
    default: return nil
    }
  }

  /// Digits as a number that is not negative; nil for anything else or an overflow.
  package static func decimal(_ digits: ArraySlice<UInt8>) -> Int? {
    number(digits, radix: 10).flatMap { Int(exactly: $0) }
  }

  /// Digits as a number of 64 bits; nil for anything else or an overflow.
  package static func unsigned(_ digits: ArraySlice<UInt8>) -> UInt64? {
    number(digits, radix: 10)
  }

  /// Hexadecimal digits as a number; nil for anything else or an overflow.
  package static func hexadecimal(_ digits: ArraySlice<UInt8>) -> UInt64? {
    number(digits, radix: 16)
  }

  private static func number(_ digits: ArraySlice<UInt8>, radix: UInt64) -> UInt64? {
    guard !digits.isEmpty else { return nil }
    var value: UInt64 = 0
    for byte in digits {
      let digit: UInt8
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
      case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
      default: return nil
      }
      guard digit < radix else { return nil }
      let (product, tooLarge) = value.multipliedReportingOverflow(by: radix)
      let (sum, stillTooLarge) = product.addingReportingOverflow(UInt64(digit))
      if tooLarge || stillTooLarge { return nil }
      value = sum
    }
    return value
  }
}
