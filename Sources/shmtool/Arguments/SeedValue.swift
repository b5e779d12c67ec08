/// A seed as a user writes it: `7` or `0x7`.
struct SeedValue: ArgumentWord {
  static let form = "a seed is written 0 to 2^64 - 1, or in hexadecimal with 0x"

  let value: UInt64

  init?(argument: String) {
    let text = argument.lowercased()
    let value: UInt64? =
      text.hasPrefix("0x")
      ? Digits.number(text.dropFirst(2), radix: 16) : Digits.number(text)
    guard let value else { return nil }
    self.value = value
  }
}
