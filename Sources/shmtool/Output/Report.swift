/// The report of a command: one value from which both the text and the JSON are made.
protocol Report: Encodable {
  /// The text with its line ends.
  func text(_ style: TextStyle) -> String
}

/// The style of a text.
struct TextStyle {
  /// Sizes in bytes instead of units.
  var bytes = false
  /// A line of headings above a table.
  var headings = true
  /// Whether rows are for scripts, see `RawTable`.
  var isRaw = false
  /// How many columns there are.
  var width = 80
  /// The columns that no line of a table may exceed; nil for no limit.
  var limit: Int?
  /// Whether to use colours.
  var colour = false
}
