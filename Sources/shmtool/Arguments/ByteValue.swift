/// A byte as a user writes it: `255` or `0xff`.
struct ByteValue: ArgumentWord {
  static let form = "expected a byte from 0 to 255, or from 0x00 to 0xff"

  let value: UInt8

  init?(argument: String) {
    guard let value: UInt8 = Digits.anyRadix(argument) else { return nil }
    self.value = value
  }
}
