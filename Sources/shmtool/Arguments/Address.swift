import ShmCore

/// An address as a user writes it: `0x7f0000000000`, in hexadecimal, on a page.
struct Address: ArgumentWord {
  static let form =
    "expected a hexadecimal address of a page, such as 0x7f0000000000"

  let value: UInt

  init?(argument: String) {
    guard argument.lowercased().hasPrefix("0x"),
      let value: UInt = Digits.number(argument.dropFirst(2), radix: 16), value != 0,
      value % UInt(PageMath.pageSize) == 0
    else { return nil }
    self.value = value
  }
}
