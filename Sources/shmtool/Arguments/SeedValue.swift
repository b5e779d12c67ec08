/// A seed as a user writes it: `7` or `0x7`.
struct SeedValue: ArgumentWord {
  static let form = "expected a seed from 0 to 2^64 - 1, in decimal or with 0x"

  let value: UInt64

  init?(argument: String) {
    guard let value: UInt64 = Digits.anyRadix(argument) else { return nil }
    self.value = value
  }
}
