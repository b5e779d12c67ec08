import ArgumentParser

/// A command whose words are looked at together when each has been understood: an option that does
/// not exist is reported first, and not what is missing because of it.
protocol CheckedCommand: DocumentedCommand {
  /// Refuses words that do not go together.
  func check() throws
}
