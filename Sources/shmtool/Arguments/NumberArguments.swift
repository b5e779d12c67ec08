import ShmCore

/// A byte as a user writes it: `255` or `0xff`.
struct ByteValue: ArgumentWord {
  static let form = "expected a byte from 0 to 255, or from 0x00 to 0xff"

  let value: UInt8

  init?(argument: String) {
    guard let value: UInt8 = Digits.anyRadix(argument) else { return nil }
    self.value = value
  }
}

/// A seed as a user writes it: `7` or `0x7`.
struct SeedValue: ArgumentWord {
  static let form = "expected a seed from 0 to 2^64 - 1, in decimal or with 0x"

  let value: UInt64

  init?(argument: String) {
    guard let value: UInt64 = Digits.anyRadix(argument) else { return nil }
    self.value = value
  }
}

/// A number of threads: 1 to 256.
struct ThreadCount: ArgumentWord {
  static let form =
    "expected 1 to 256 threads"

  let count: Int

  init?(argument: String) {
    guard let count: Int = Digits.number(argument), (1...256).contains(count) else { return nil }
    self.count = count
  }
}

/// A number of processes: 1 or more.
struct UserCount: ArgumentWord {
  static let form = "expected a number of processes, at least 1"

  let count: Int

  init?(argument: String) {
    guard let count: Int = Digits.number(argument), count > 0 else { return nil }
    self.count = count
  }
}

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

/// A process ID: 1 or more.
struct ProcessID: ArgumentWord {
  static let form = "expected a process ID, such as 1234"

  let pid: Int32

  init?(argument: String) {
    guard let pid: Int32 = Digits.number(argument), pid > 0 else { return nil }
    self.pid = pid
  }
}

/// The number of a file descriptor.
struct DescriptorNumber: ArgumentWord {
  static let form = "expected the number of an open file descriptor, such as 3"

  let descriptor: Int32

  init?(argument: String) {
    guard let descriptor: Int32 = Digits.number(argument) else { return nil }
    self.descriptor = descriptor
  }
}
