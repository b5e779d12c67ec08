import ArgumentParser

/// Rewords the usage errors of ArgumentParser in the style of the other messages.
struct UsageMessage {
  /// The words of the command line after the program's name.
  let words: [String]
  /// The subcommand; nil without a valid one.
  let command: (any ParsableCommand.Type)?

  /// The message for an error of the parser, in one line.
  func text(_ message: String) -> String {
    let line = HelpPage.placeholders(message.split(separator: "\n").joined(separator: " "))
    if let name = Self.quoted(line, after: "Unknown option '") { return unknown(name) }
    if let name = Self.quoted(line, after: "Missing expected argument '") { return missing(name) }
    if let option = Self.quoted(line, after: "Missing value for '") {
      let (name, value) = Self.split(option)
      return "\(name) requires a value\(value.map { ": \($0)" } ?? "")"
    }
    if let option = Self.quoted(line, after: "The option '") {
      let value = Self.between("take any value, but '", "' was specified.", in: line) ?? ""
      return "\(option) takes no value, but '\(value)' was given"
    }
    if let value = Self.between("Unexpected argument '", nil, in: line) {
      return extra("extra operand '\(value)")
    }
    if let values = Self.between(" unexpected arguments: ", nil, in: line) {
      return extra("extra operands \(values)")
    }
    if let value = Self.between("The value '", "' is invalid for '", in: line),
      let rest = Self.between("' is invalid for '", nil, in: line)
    {
      return invalid(value, rest)
    }
    return line
  }

  /// An option that the command does not have.
  private func unknown(_ name: String) -> String {
    if let first = words.first, first.utf8.first == UInt8(ascii: "-"), first == name,
      let command = command?.configuration.commandName
    {
      return
        "option '\(name)' precedes the command; options follow it: 'shmtool \(command) \(name)'"
    }
    if words.first == "help" { return "'help' takes no options but only COMMAND: '\(name)'" }
    if let digit = name.utf8.dropFirst().first, (UInt8(ascii: "0")...UInt8(ascii: "9")) ~= digit,
      command != nil
    {
      return "'\(name)' is not a size; write a name that begins with '-' after '--'"
    }
    let meant = CommandSuggestion.question(CommandSuggestion.options(for: name, among: options))
    return "unknown option '\(name)'\(meant.map { "; \($0)" } ?? "")"
  }

  /// A required operand without a value. The parser notices unknown options only if no operand is missing.
  private func missing(_ name: String) -> String {
    let own = words.dropFirst().prefix { $0 != "--" }
    let values = Set(zip(own, own.dropFirst()).compactMap { takesValue($0) ? $1 : nil })
    let known = Set(options)
    let unknown = own.first { word in
      word.utf8.count > 1 && word.utf8.first == UInt8(ascii: "-") && !values.contains(word)
        && !known.contains(Self.option(of: word))
    }
    if let unknown {
      return self.unknown(unknown.utf8.starts(with: "--".utf8) ? Self.option(of: unknown) : unknown)
    }
    let operand = name.hasSuffix(" ...") ? "at least one \(name.dropLast(4))" : name
    return "\(operand) is required"
  }

  /// The option that a word begins with: the word up to `=`, or its first letter, after which others may follow.
  private static func option(of word: String) -> String {
    let isLong = word.utf8.starts(with: "--".utf8)
    return isLong ? String(word.prefix { $0 != "=" }) : String(word.prefix(2))
  }

  private func takesValue(_ name: String) -> Bool {
    syntax?.option(name)?.kind == .option
  }

  /// Operands that the command does not take. Some commands take CMD only with an option.
  private func extra(_ message: String) -> String {
    let runner = command as? any CommandRunner.Type
    guard words.contains("--"), let requirement = runner?.commandRequirement else { return message }
    return "\(message); CMD requires \(requirement)"
  }

  /// An invalid value. `rest` is the argument, a quotation mark and the expected form.
  private func invalid(_ value: String, _ rest: String) -> String {
    let argument = Self.quoted("'" + rest, after: "'") ?? rest
    let form = rest.utf8.dropFirst(argument.utf8.count + 1)
    let (name, placeholder) = Self.split(argument)
    let reason = String(form) ?? ""
    if let word = Self.quoted(reason, after: Self.unknownColumn) {
      let rest = reason.utf8.dropFirst(Self.unknownColumn.utf8.count + word.utf8.count + 1)
      return "unknown column '\(word)' for \(name)\(String(rest) ?? "")"
    }
    let what = placeholder.map { "\($0) '\(value)' for \(name)" } ?? "\(name) '\(value)'"
    return "invalid \(what)\(reason)"
  }

  private static let unknownColumn = ": unknown column '"

  private var syntax: CommandSyntax? {
    command?.configuration.commandName.flatMap { CommandSyntax($0) }
  }

  /// The options of the command as they are written.
  private var options: [String] {
    syntax?.arguments.filter(\.shouldDisplay).flatMap { ($0.names ?? []).map(\.text) } ?? []
  }

  /// An option and the placeholder of its value, or the placeholder of an operand. A value that can be omitted is in
  /// brackets: `--huge[=SIZE]`.
  private static func split(_ argument: String) -> (name: String, value: String?) {
    let optional = argument.split(separator: "[=", maxSplits: 1)
    if optional.count == 2 {
      return (String(optional[0]), String(optional[1].prefix { $0 != "]" }))
    }
    let parts = argument.split(separator: " ", maxSplits: 1).map { String($0) }
    return (parts.first ?? argument, parts.count > 1 && parts[1] != "..." ? parts[1] : nil)
  }

  /// The text up to the next quote, in a message that begins with `start`.
  private static func quoted(_ line: String, after start: String) -> String? {
    guard line.utf8.starts(with: start.utf8) else { return nil }
    let rest = line.utf8.dropFirst(start.utf8.count)
    return rest.firstIndex(of: UInt8(ascii: "'")).flatMap { String(rest[..<$0]) }
  }

  /// The text between two others, or to the end. Compares bytes, because a combining character after a quotation mark
  /// would form one `Character` with it.
  private static func between(_ start: String, _ end: String?, in line: String) -> String? {
    guard let first = line.utf8.firstRange(of: start.utf8) else { return nil }
    let rest = line.utf8[first.upperBound...]
    guard let end else { return String(rest) }
    return rest.firstRange(of: end.utf8).flatMap { String(rest[..<$0.lowerBound]) }
  }
}
