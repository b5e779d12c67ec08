/// The contents of one container, which an encoder fills.
final class JSONBox {
  fileprivate var single: JSONValue?
  fileprivate var elements: [JSONValue]?
  fileprivate var members: [(key: String, value: JSONValue)]?

  /// What was written; an empty object if a type has written nothing.
  var value: JSONValue {
    if let members { return .object(members) }
    if let elements { return .array(elements) }
    return single ?? .object([])
  }
}

/// Keys in snake_case, each converted once.
final class JSONKeys {
  private var known: [String: String] = [:]

  /// `ageSeconds` becomes `age_seconds`.
  func text(_ key: some CodingKey) -> String {
    let name = key.stringValue
    if let text = known[name] { return text }
    var text = ""
    for scalar in name.unicodeScalars {
      if ("A"..."Z").contains(scalar) {
        text += "_" + String(scalar).lowercased()
      } else {
        text.unicodeScalars.append(scalar)
      }
    }
    known[name] = text
    return text
  }
}

/// Encodes values into a box.
struct JSONBoxEncoder: Encoder {
  let box = JSONBox()
  private let keys: JSONKeys

  var codingPath: [any CodingKey] { [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  init(keys: JSONKeys = JSONKeys()) {
    self.keys = keys
  }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    if box.members == nil { box.members = [] }
    return KeyedEncodingContainer(Members<Key>(encoder: self))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer {
    if box.elements == nil { box.elements = [] }
    return Elements(encoder: self)
  }

  func singleValueContainer() -> any SingleValueEncodingContainer {
    Single(encoder: self)
  }

  /// The JSON of a value in this one.
  private func json(_ value: some Encodable) throws -> JSONValue {
    if let leaf = value as? any JSONLeaf { return leaf.json }
    let encoder = JSONBoxEncoder(keys: keys)
    try value.encode(to: encoder)
    return encoder.box.value
  }

  /// An encoder of a container in this one.
  private var inner: JSONBoxEncoder { JSONBoxEncoder(keys: keys) }

  private struct Members<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let encoder: JSONBoxEncoder
    var codingPath: [any CodingKey] { [] }

    private func add(_ value: JSONValue, _ key: some CodingKey) {
      encoder.box.members?.append((encoder.keys.text(key), value))
    }

    private func nested(_ key: some CodingKey) -> JSONBoxEncoder {
      let inner = encoder.inner
      add(.box(inner.box), key)
      return inner
    }

    mutating func encodeNil(forKey key: Key) { add(.null, key) }
    mutating func encode(_ value: Bool, forKey key: Key) { add(value.json, key) }
    mutating func encode(_ value: String, forKey key: Key) { add(value.json, key) }
    mutating func encode(_ value: Int, forKey key: Key) { add(value.json, key) }

    mutating func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws {
      add(try encoder.json(value), key)
    }

    mutating func nestedContainer<NestedKey: CodingKey>(
      keyedBy type: NestedKey.Type, forKey key: Key
    ) -> KeyedEncodingContainer<NestedKey> {
      nested(key).container(keyedBy: type)
    }

    mutating func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
      nested(key).unkeyedContainer()
    }

    mutating func superEncoder() -> any Encoder { nested(SuperKey.super) }
    mutating func superEncoder(forKey key: Key) -> any Encoder { nested(key) }
  }

  private enum SuperKey: CodingKey {
    case `super`
  }

  private struct Elements: UnkeyedEncodingContainer {
    let encoder: JSONBoxEncoder
    var codingPath: [any CodingKey] { [] }
    var count: Int { encoder.box.elements?.count ?? 0 }

    private func nested() -> JSONBoxEncoder {
      let inner = encoder.inner
      encoder.box.elements?.append(.box(inner.box))
      return inner
    }

    mutating func encodeNil() { encoder.box.elements?.append(.null) }

    mutating func encode<Value: Encodable>(_ value: Value) throws {
      encoder.box.elements?.append(try encoder.json(value))
    }

    mutating func nestedContainer<NestedKey: CodingKey>(
      keyedBy type: NestedKey.Type
    ) -> KeyedEncodingContainer<NestedKey> {
      nested().container(keyedBy: type)
    }

    mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
      nested().unkeyedContainer()
    }

    mutating func superEncoder() -> any Encoder { nested() }
  }

  private struct Single: SingleValueEncodingContainer {
    let encoder: JSONBoxEncoder
    var codingPath: [any CodingKey] { [] }

    mutating func encodeNil() { encoder.box.single = .null }

    mutating func encode<Value: Encodable>(_ value: Value) throws {
      encoder.box.single = try encoder.json(value)
    }
  }
}
