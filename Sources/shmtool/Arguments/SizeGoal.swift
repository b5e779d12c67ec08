import ShmCore

/// A size to wait for as a user writes it: a size, or `+` and the growth.
struct SizeGoal: ArgumentWord, Hashable {
  static let form = "expected a size such as 64K, or +64K for growth"

  let bytes: Int
  /// Whether the bytes are added to the present size.
  let isGrowth: Bool

  init?(argument: String) {
    isGrowth = argument.utf8.first == UInt8(ascii: "+")
    let size = isGrowth ? Substring(argument.utf8.dropFirst()) : argument[...]
    guard let size = ByteSize(argument: String(size)) else { return nil }
    bytes = size.bytes
  }
}
