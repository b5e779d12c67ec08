import ShmCore

/// A name or a path of any bytes: exact in JSON, escaped in text.
///
/// JSON has it unchanged. Bytes that are not UTF-8, and names that begin like that form, are written as `bytes:` and
/// percent-encoded.
struct RawText: Encodable, Comparable, Sendable, CustomStringConvertible {
  let bytes: [UInt8]
  private let json: String

  /// Any bytes.
  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    json = EncodedBytes.json(bytes)
  }

  /// The reference of a region for commands.
  init(_ reference: RegionReference) {
    bytes = reference.argument
    json = reference.text
  }

  /// A word that commands take, which is percent-encoded already if necessary.
  init(argument: [UInt8]) {
    bytes = argument
    json = String(validating: argument, as: UTF8.self) ?? EncodedBytes.text(argument)
  }

  /// Text of this program.
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
