import ArgumentParser

/// A word of the command line that must have a certain form. The error names that form.
protocol ArgumentWord {
  /// nil for what has not the form.
  init?(argument: String)

  /// The form, as a sentence.
  static var form: String { get }
}

extension ArgumentWord {
  /// For the `transform:` of an argument.
  static func parse(_ text: String) throws -> Self {
    guard let word = Self(argument: text) else { throw ValidationError(form) }
    return word
  }
}
