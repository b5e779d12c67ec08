/// What a command has to tell: one value, from which the text and the JSON come.
protocol Report: Encodable {
  /// The text for a person, with its line ends.
  func text(_ style: TextStyle) -> String
}

/// The choices of a person's text.
struct TextStyle {
  /// Sizes in bytes instead of units.
  var bytes = false
  /// A line of headings above a table.
  var headings = true
  /// How many columns there are.
  var width = 80
  /// Whether colours are understood, and wanted.
  var colour = false
}
