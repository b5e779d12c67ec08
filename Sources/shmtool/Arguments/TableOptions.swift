import ArgumentParser

/// The form of tables on stdout.
struct TableOptions: ParsableArguments {
  @Flag(
    name: .shortAndLong,
    help: "Print rows for scripts: fields between tabs, sizes in bytes, no headings")
  var raw = false

  @Flag(name: [.customShort("n"), .long], help: "Omit headings and summaries")
  var noHeadings = false

  @Flag(help: "Do not shorten names or omit columns to fit the terminal")
  var noTruncate = false

  /// Whether the table is without headings and summaries.
  var isBare: Bool { raw || noHeadings }

  /// Whether one of the options is given.
  var isGiven: Bool { isBare || noTruncate }

  /// The style of a text, with sizes in bytes if the user asks for that.
  func style(bytes: Bool) -> TextStyle {
    var style = TextStyle.standardOutput(bytes: bytes)
    (style.headings, style.isRaw) = (!noHeadings, raw)
    if noTruncate { style.limit = nil }
    return style
  }

  func check(json: Bool) throws {
    if raw, json { throw ValidationError("--raw and --json cannot be used together") }
  }
}
