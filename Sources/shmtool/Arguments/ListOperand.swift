import ArgumentParser
import ShmCore

/// A name, a reference or a pattern of names, as `list` takes it.
struct ListOperand: Hashable {
  /// The decoded bytes of the name or pattern.
  let bytes: [UInt8]
  /// Whether it is a pattern, unless a region has exactly that name.
  let isPattern: Bool

  init(_ given: [UInt8]) throws(ShmError) {
    bytes = try RegionReference.decoded(given)
    isPattern = bytes == given && NamePattern.isPattern(given)
  }

  static func parse(_ text: String) throws -> ListOperand {
    let operand = try ListOperand(ArgumentBytes.bytes(text))
    if operand.bytes.isEmpty { throw ValidationError("the name is empty") }
    return operand
  }
}
