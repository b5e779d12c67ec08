import ArgumentParser

/// A command whose help ends with examples.
protocol DocumentedCommand: ParsableCommand {
  /// Command lines.
  static var examples: [String] { get }
}

/// The help of a command: what the parser prints, with plain placeholders, and with the sections that the
/// parser has no place for after the options.
enum HelpPage {
  /// As many columns as the parser keeps for the names of options.
  private static let labelWidth = 26

  /// The help of a command as shmtool prints it.
  ///
  /// - Parameter text: what the parser prints.
  /// - Returns: the help; the text itself if it is something else, such as the version.
  static func finished(_ text: String) -> String {
    let commands = [ShmTool.self] + ShmTool.configuration.allSubcommands
    let command = commands.first {
      text.utf8.starts(with: "OVERVIEW: \($0.configuration.abstract)\n".utf8)
    }
    guard let command = command as? any DocumentedCommand.Type else { return text }
    var isLabelled = false
    var lines: [String] = []
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.utf8.starts(with: "ARGUMENTS:".utf8) { isLabelled = true }
      if line.utf8.starts(with: "OPTIONS:".utf8) { isLabelled = true }
      if line.utf8.starts(with: "  See 'shmtool help".utf8) { continue }
      lines.append(isLabelled ? labelled(line) : String(line))
    }
    while lines.last == "" { lines.removeLast() }
    if command == ShmTool.self {
      lines += ["", "EXIT STATUS:"]
      lines += ExitStatus.table.map { row in
        "  " + row.status + String(repeating: " ", count: 7 - row.status.count) + row.meaning
      }
    }
    return (lines + ["", "EXAMPLES:"] + command.examples.map { "  " + $0 })
      .joined(separator: "\n")
  }

  /// What `shmtool` without words prints: the commands in a line each.
  static var short: String {
    var lines = ["Usage: \(ShmTool.configuration.usage ?? "")"]
    for group in ShmTool.configuration.groupedSubcommands {
      lines += ["", "\(group.name):"]
      lines += group.subcommands.map { $0.configuration }.map { command in
        row(command.commandName ?? "", command.abstract)
      }
    }
    lines += ["", "'shmtool --help' shows more, and 'shmtool help COMMAND' describes a command."]
    return lines.joined(separator: "\n") + "\n"
  }

  /// The help of `help` itself, which the parser does not describe in these words.
  ///
  /// - Parameter words: the words after the program's name.
  /// - Returns: nil if they request something else.
  static func text(requestedBy words: [String]) -> String? {
    guard words.count == 2, words[0] == "help", ["help", "-h", "--help"].contains(words[1]) else {
      return nil
    }
    return """
      OVERVIEW: Show the help of the program or of a command

      USAGE: shmtool help [COMMAND]

      EXAMPLES:
        shmtool help
        shmtool help create

      """
  }

  /// A word and its description, the latter in its column.
  private static func row(_ word: String, _ text: String) -> String {
    "  " + word + String(repeating: " ", count: max(1, 9 - word.count)) + text
  }

  /// A line of the arguments or options: without the brackets, and with the description in its column.
  private static func labelled(_ line: Substring) -> String {
    let head = line.prefix(labelWidth)
    let hasDescription = line.count > labelWidth && head.last == " "
    var label = placeholders(String(hasDescription ? head : line))
    guard hasDescription else { return sentence(label) }
    let text = sentence(String(line.dropFirst(labelWidth)))
    let term = label.utf8.drop { $0 == UInt8(ascii: " ") }.prefix { $0 != UInt8(ascii: " ") }
    if term.elementsEqual(VersionOption.long.utf8) {
      label = "  \(VersionOption.short), \(VersionOption.long)"
    }
    return label + String(repeating: " ", count: labelWidth - label.count) + text
  }

  /// The parser's own descriptions, as phrases like the others.
  private static func sentence(_ text: String) -> String {
    text == "Show the version." || text == "Show help information." ? String(text.dropLast()) : text
  }

  /// `<SIZE>` as `SIZE`, and `<[=SIZE]>`, which belongs to the option before it, as `[=SIZE]`.
  static func placeholders(_ text: String) -> String {
    var plain = ""
    var rest = text[...]
    while let start = rest.firstIndex(of: "<") {
      let word = rest[rest.index(after: start)...].prefix { $0 != ">" }
      guard word.endIndex < rest.endIndex, isPlaceholder(word) else {
        plain += rest[...start]
        rest = rest[rest.index(after: start)...]
        continue
      }
      let isOptional = word.first == "["
      plain += rest[..<start].dropLast(isOptional && rest[..<start].last == " " ? 1 : 0) + word
      rest = rest[rest.index(after: word.endIndex)...]
    }
    return plain + rest
  }

  private static func isPlaceholder(_ word: Substring) -> Bool {
    let name = word.first == "[" ? word.dropFirst(2).dropLast() : word
    return !name.isEmpty
      && name.utf8.allSatisfy { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }
  }
}
