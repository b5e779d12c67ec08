import ArgumentParser

/// The form of tables on stdout.
struct TableOptions: ParsableArguments {
  @Flag(
    name: .shortAndLong,
    help: "Print rows for scripts: fields between tabs, sizes in bytes, no headings")
  var raw = false

  @Flag(name: [.customShort("n"), .long], help: "Omit headings and summaries")
  var noHeadings = false

  /// Whether one of them is given.
  var isGiven: Bool { raw || noHeadings }

  /// The style of a text, with sizes in bytes if the user asks for that.
  func style(bytes: Bool) -> TextStyle {
    var style = TextStyle.standardOutput(bytes: bytes)
    (style.headings, style.isRaw) = (!noHeadings, raw)
    return style
  }

  func check(json: Bool) throws {
    if raw, json { throw ValidationError("--raw and --json cannot be used together") }
  }
}
