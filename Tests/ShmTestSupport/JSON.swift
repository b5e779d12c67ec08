import FoundationEssentials

/// A value of JSON.
@dynamicMemberLookup
public enum JSON: Equatable, Sendable {
  case null
  case boolean(Bool)
  case integer(Int)
  case number(Double)
  case string(String)
  case array([JSON])
  case object([String: JSON])

  /// Why a text is not the JSON that was expected.
  public struct Failure: Error, CustomStringConvertible {
    /// The error and its position.
    public let description: String
  }

  /// The value that a text holds.
  public init(_ text: some Collection<UInt8>) throws(Failure) {
    do {
      self = try JSONDecoder().decode(JSON.self, from: Data(text))
    } catch {
      throw Failure(description: "\(error) in '\(String(decoding: text, as: UTF8.self))'")
    }
  }

  /// The report of a command: an object with the schema's number, whose keys are in snake_case.
  public init(report text: some Collection<UInt8>) throws(Failure) {
    try self.init(text)
    guard case .integer(1) = self.schema else {
      throw Failure(description: "no report of schema 1: \(self)")
    }
    try requireSnakeCase()
  }

  private func requireSnakeCase() throws(Failure) {
    switch self {
    case .array(let values): for value in values { try value.requireSnakeCase() }
    case .object(let members):
      for (key, value) in members {
        guard key.wholeMatch(of: /[a-z][a-z0-9]*(_[a-z0-9]+)*/) != nil else {
          throw Failure(description: "the key '\(key)' is not in snake_case")
        }
        try value.requireSnakeCase()
      }
    default: break
    }
  }

  /// The member of an object; null if it is missing.
  public subscript(dynamicMember key: String) -> JSON { self[key] }

  /// The member of an object; null if it is missing.
  public subscript(key: String) -> JSON {
    if case .object(let members) = self { members[key] ?? .null } else { .null }
  }

  /// Whether it is an object with such a member.
  public func has(_ key: String) -> Bool {
    if case .object(let members) = self { members[key] != nil } else { false }
  }

  /// An element of an array; null if it is missing.
  public subscript(index: Int) -> JSON {
    let values = values
    return values.indices.contains(index) ? values[index] : .null
  }

  /// The elements of an array.
  public var values: [JSON] {
    if case .array(let values) = self { values } else { [] }
  }

  /// The text of a string.
  public var text: String? {
    if case .string(let text) = self { text } else { nil }
  }

  /// The integer.
  public var integer: Int? {
    if case .integer(let integer) = self { integer } else { nil }
  }

  /// The number, with or without a fraction.
  public var double: Double? {
    switch self {
    case .integer(let integer): Double(integer)
    case .number(let number): number
    default: nil
    }
  }
}

extension JSON: Decodable {
  /// The value that a decoder has.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(Bool.self) {
      self = .boolean(value)
    } else if let value = try? container.decode(Int.self) {
      self = .integer(value)
    } else if let value = try? container.decode(Double.self) {
      self = .number(value)
    } else if let value = try? container.decode(String.self) {
      self = .string(value)
    } else if let values = try? container.decode([JSON].self) {
      self = .array(values)
    } else {
      self = .object(try container.decode([String: JSON].self))
    }
  }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByStringInterpolation {
  /// A string.
  public init(stringLiteral value: String) { self = .string(value) }
}

extension JSON: ExpressibleByIntegerLiteral {
  /// An integer.
  public init(integerLiteral value: Int) { self = .integer(value) }
}

extension JSON: ExpressibleByBooleanLiteral {
  /// True or false.
  public init(booleanLiteral value: Bool) { self = .boolean(value) }
}

extension JSON: ExpressibleByArrayLiteral {
  /// An array.
  public init(arrayLiteral elements: JSON...) { self = .array(elements) }
}
