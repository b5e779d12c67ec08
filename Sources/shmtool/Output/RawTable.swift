import ShmCore

/// A field of a table for scripts: never empty, and without blanks, tabs and line feeds.
struct RawField: Equatable {
  let text: String

  /// A number, a word, or a name. The bytes that a line cannot hold are written as `\xNN`.
  init(_ bytes: some Sequence<UInt8>) {
    let field = Escaping.field(bytes)
    // `-` alone means that there is no value.
    text = field == "-" ? "\\x2d" : field.isEmpty ? "-" : field
  }

  init(_ text: String) {
    self.init(text.utf8)
  }

  /// A reference, which commands take as it is printed: percent-encoded if a line or a shell could change it.
  init(reference: RawText?) {
    guard let reference else {
      self = .missing
      return
    }
    let plain = RawField(reference.bytes)
    self =
      plain.text.utf8.elementsEqual(reference.bytes)
      ? plain : RawField(EncodedBytes.text(reference.bytes))
  }

  /// Words of which several are possible, or the word for an empty list.
  init(list: [String], empty: String = "none") {
    self.init(list.isEmpty ? empty : list.joined(separator: ","))
  }

  /// There is no such value.
  static let missing = RawField("")
  /// The value is unknown.
  static let unknown = RawField("unknown")
}

/// Rows for scripts: a line for each row, with tabs between the fields.
enum RawTable {
  static func text(_ rows: [[RawField]]) -> String {
    rows.reduce(into: "") { text, row in
      text += row.map(\.text).joined(separator: "\t") + "\n"
    }
  }
}

extension Unknowable {
  /// The value as a field, or the word for an unknown one.
  func field(_ describe: (Value) -> RawField) -> RawField {
    value.map(describe) ?? .unknown
  }
}
