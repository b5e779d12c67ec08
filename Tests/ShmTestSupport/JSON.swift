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

  /// The report of a command, or the error on the last line of stderr: one line, which follows its schema.
  public init(report text: some Collection<UInt8>) throws(Failure) {
    try self.init(text)
    let lines = text.count { $0 == UInt8(ascii: "\n") }
    let last = Array(text.suffix(1))
    guard lines <= 1, lines == 0 || last == [UInt8(ascii: "\n")] else {
      throw Failure(description: "not on one line: \(String(decoding: text, as: UTF8.self))")
    }
    try checkReport()
  }

  /// The properties of its schema that a report has, as JSON pointers into the schema.
  @discardableResult
  public func checkReport() throws(Failure) -> (schema: String, properties: Set<String>) {
    guard case .integer(2) = self.schema else {
      throw Failure(description: "no report of schema 2: \(self)")
    }
    try requireSafeNumbers()
    let name = self.action.text ?? (has("error") ? "error" : "")
    return (name, try JSONSchema(named: name).check(self))
  }

  /// Throws if a number is beyond what every program reads exactly.
  private func requireSafeNumbers() throws(Failure) {
    switch self {
    case .array(let values): for value in values { try value.requireSafeNumbers() }
    case .object(let members): for value in members.values { try value.requireSafeNumbers() }
    case .integer, .number:
      guard let double, double.magnitude < 9_007_199_254_740_992 else {
        throw Failure(description: "\(self) is a number beyond 2^53 - 1")
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
