/// A seed as a user writes it: `7` or `0x7`.
struct SeedValue: ArgumentWord {
  static let form = "a seed is written 0 to 2^64 - 1, or in hexadecimal with 0x"

  let value: UInt64

  init?(argument: String) {
    guard let value: UInt64 = Digits.anyRadix(argument) else { return nil }
    self.value = value
  }
}
