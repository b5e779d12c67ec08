import ShmCore

/// A name or a path as the system has it, whatever its bytes: exact in JSON, safe in text.
///
/// JSON holds it as it is. What is not UTF-8, or could be mistaken for that form, is written `bytes:` and
/// percent-encoded.
struct RawText: Encodable, Comparable, CustomStringConvertible {
  let bytes: [UInt8]
  private let json: String

  /// Any bytes.
  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    json = EncodedBytes.json(bytes)
  }

  /// How a command takes a region.
  init(_ reference: RegionReference) {
    bytes = reference.argument
    json = reference.text
  }

  /// Text of our own.
  init(_ text: String) {
    self.init(Array(text.utf8))
  }

  /// For a table: a word of a shell, unquoted if that is possible.
  var word: String { Escaping.word(bytes) }

  /// For a sentence: always in quotes.
  var quoted: String { Escaping.quoted(bytes) }

  /// For text that users do not type: without quotes, with control characters escaped.
  var printable: String { Escaping.printable(bytes) }

  var description: String { word }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(json)
  }

  static func < (one: RawText, other: RawText) -> Bool {
    one.bytes.lexicographicallyPrecedes(other.bytes)
  }

  static func == (one: RawText, other: RawText) -> Bool { one.bytes == other.bytes }
}
