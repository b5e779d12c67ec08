import ArgumentParser

/// Permission bits in octal, as chmod(1) takes them: `600`, `0640`.
struct FileMode: ExpressibleByArgument {
  let bits: UInt16

  init(bits: UInt16) {
    self.bits = bits
  }

  init?(argument: String) {
    guard let bits: UInt16 = Digits.number(argument, radix: 8), bits <= 0o777 else { return nil }
    self.bits = bits
  }

  var defaultValueDescription: String { String(bits, radix: 8) }
}
