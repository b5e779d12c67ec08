/// Digits as a number: no sign, no blank, nothing else. The integers' own initialisers take signs.
enum Digits {
  /// The number; nil for anything else, and for one that does not fit.
  static func number<Number: FixedWidthInteger>(
    _ text: some StringProtocol, radix: Int = 10, as type: Number.Type = Number.self
  ) -> Number? {
    // A sign can stand only in front.
    guard text.first != "+", text.first != "-" else { return nil }
    return Number(text, radix: radix)
  }

  /// The same in decimal, or in hexadecimal after `0x`.
  static func anyRadix<Number: FixedWidthInteger>(
    _ text: String, as type: Number.Type = Number.self
  ) -> Number? {
    let text = text.lowercased()
    return text.hasPrefix("0x") ? number(text.dropFirst(2), radix: 16) : number(text)
  }
}
