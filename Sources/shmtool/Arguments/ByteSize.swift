import ShmCore

/// A number of bytes as a user writes it: `4096`, `64K` = `64KiB`, `64KB` = 64000, `16p` = pages.
struct ByteSize: ArgumentWord, Hashable {
  static let form =
    "expected a size such as 4096, 64K (65536), 64KB (64000), 2M or 16p (pages), at most 2^63 - 1"

  let bytes: Int

  init(bytes: Int) {
    self.bytes = bytes
  }

  /// Digits and a unit in either case; nil for anything else, for a sign, and for an overflow.
  init?(argument: String) {
    let digits = argument.utf8.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    guard let number = Int(Substring(digits)),
      let unit = Self.unit(Substring(argument.utf8.dropFirst(digits.count)))
    else { return nil }
    let (bytes, overflow) = number.multipliedReportingOverflow(by: unit)
    if overflow { return nil }
    self.bytes = bytes
  }

  private static func unit(_ suffix: Substring) -> Int? {
    // Unicode has further letters that are a k in lower case.
    guard suffix.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
    // An upper-case P is a peta elsewhere.
    if suffix == "P" { return nil }
    let suffix = suffix.lowercased()
    switch suffix {
    case "", "b": return 1
    case "p": return PageMath.pageSize
    default: break
    }
    guard let power = ["k", "m", "g", "t"].firstIndex(of: String(suffix.prefix(1))) else {
      return nil
    }
    let base: Int
    switch suffix.dropFirst() {
    case "", "ib": base = 1024
    case "b": base = 1000
    default: return nil
    }
    return (0...power).reduce(1) { product, _ in product * base }
  }
}

extension ByteSize: CustomStringConvertible {
  /// As the help shows a default.
  var description: String { "\(ByteCount(bytes))" }
}
