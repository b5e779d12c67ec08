import ArgumentParser
import FoundationEssentials

/// The options and operands of a command, as the parser knows them.
struct CommandSyntax {
  /// An option, a flag or an operand.
  struct Argument: Decodable {
    enum Kind: String, Decodable {
      case positional, option, flag
    }

    struct Name: Decodable {
      let kind: String
      let name: String

      /// As it is written on the command line.
      var text: String { (kind == "long" ? "--" : "-") + name }
    }

    /// What the parser says of its completion.
    struct Completion: Decodable {
      struct List: Decodable {
        let values: [String]
      }
      struct Nothing: Decodable {}

      let list: List?
      let file: Nothing?
      let custom: Nothing?
    }

    let kind: Kind
    var names: [Name]?
    let isRepeating: Bool
    let shouldDisplay: Bool
    let completionKind: Completion?
    let abstract: String?
  }

  private struct Dump: Decodable {
    struct Command: Decodable {
      let arguments: [Argument]?
    }

    let command: Command
  }

  /// What an argument takes.
  enum Value {
    case words([String])
    case files
    case domain(CompletionDomain)
  }

  let command: String
  let arguments: [Argument]

  /// Asks the parser; nil if it does not answer.
  init?(_ command: String) {
    self.command = command
    let text = Self.answer([command, "--experimental-dump-help"])
    guard let text, let dump = try? JSONDecoder().decode(Dump.self, from: Data(text.utf8)) else {
      return nil
    }
    // The parser knows only the long name of this option.
    arguments = (dump.command.arguments ?? []).map { argument in
      var argument = argument
      if argument.names?.contains(where: { $0.text == VersionOption.long }) == true {
        argument.names?.insert(Argument.Name(kind: "short", name: "V"), at: 0)
      }
      return argument
    }
  }

  /// The option of a name.
  func option(_ name: String) -> Argument? {
    arguments.first { $0.names?.contains { $0.text == name } == true }
  }

  /// What the value of an option can be; nil if nothing is known.
  func value(ofOption name: String) -> Value? {
    option(name).flatMap { value(of: $0, called: name) }
  }

  /// What the operand of an index can be: the last one may repeat.
  func value(ofPositional index: Int) -> Value? {
    let all = arguments.filter { $0.kind == .positional }
    guard let last = all.last, index < all.count || last.isRepeating else { return nil }
    let index = min(index, all.count - 1)
    return value(of: all[index], called: "positional@\(index)")
  }

  private func value(of argument: Argument, called name: String) -> Value? {
    guard let completion = argument.completionKind else { return nil }
    if let list = completion.list { return .words(list.values) }
    if completion.file != nil { return .files }
    guard completion.custom != nil,
      let answer = Self.answer(["---completion", command, "--", name, "0", "0", ""])
    else { return nil }
    return CompletionDomain(rawValue: answer).map { .domain($0) }
  }

  /// What the parser prints for words.
  private static func answer(_ words: [String]) -> String? {
    do {
      _ = try ShmTool.parseAsRoot(words)
      return nil
    } catch {
      guard ShmTool.exitCode(for: error) == .success else { return nil }
      return ShmTool.fullMessage(for: error)
    }
  }
}
