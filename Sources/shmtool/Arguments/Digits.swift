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
}
