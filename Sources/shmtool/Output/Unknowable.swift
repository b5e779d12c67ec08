import ShmCore

/// A value that can be unknown: `null` in JSON, `unknown` in text, never 0.
struct Unknowable<Value: Encodable>: Encodable {
  let value: Value?

  init(_ value: Value?) {
    self.value = value
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    if let value {
      try container.encode(value)
    } else {
      try container.encodeNil()
    }
  }
}

extension Unknowable: Sendable where Value: Sendable {}

extension Unknowable {
  /// The value in words.
  func text(_ describe: (Value) -> String) -> String {
    value.map(describe) ?? "unknown"
  }
}
