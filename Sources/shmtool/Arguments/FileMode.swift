/// Permission bits in octal, as chmod(1) takes them: `600`, `0640`.
struct FileMode: ArgumentWord {
  static let form =
    "expected an octal mode from 000 to 777"

  let bits: UInt16

  init(bits: UInt16) {
    self.bits = bits
  }

  init?(argument: String) {
    guard let bits: UInt16 = Digits.number(argument, radix: 8), bits <= 0o777 else { return nil }
    self.bits = bits
  }
}

extension FileMode: CustomStringConvertible {
  /// As the help shows a default.
  var description: String { String(bits, radix: 8) }
}
