import ArgumentParser
import ShmCore

/// One thing that the word at the cursor can become.
struct CompletionCandidate {
  /// The bytes that the program is to get.
  var value: [UInt8]
  /// What it is, for shells that show that.
  var help = ""
  /// Whether more must follow: no blank is put after it.
  var isPartial = false

  init(_ value: [UInt8], help: String = "", isPartial: Bool = false) {
    self.value = value
    self.help = help
    self.isPartial = isPartial
  }

  init(_ value: String, help: String = "", isPartial: Bool = false) {
    self.init(Array(value.utf8), help: help, isPartial: isPartial)
  }
}

/// What the word at the cursor can become.
enum Completions {
  case candidates([CompletionCandidate])
  /// Files, which the shell completes better than we do.
  case files
}

/// Finds what the last word of a command line can become. It looks and changes nothing.
struct Completer {
  private let words: [[UInt8]]
  private let current: TypedWord

  /// - Parameter line: the words of the line, the program's name first.
  init(_ line: [TypedWord]) {
    words = line.dropFirst().dropLast().map(\.value)
    current = line.last ?? TypedWord(start: 0, isRedirection: false)
  }

  /// What it can become.
  func completions() -> Completions {
    if current.isRedirection { return .files }
    guard let found = find() else { return .candidates([]) }
    guard case .candidates(let all) = found else { return found }
    // What the shell would put in place of the word is not known here.
    if current.isExpanded { return .candidates([]) }
    var seen: Set<[UInt8]> = []
    return .candidates(
      all.filter { $0.value.starts(with: current.value) && seen.insert($0.value).inserted })
  }

  private func find() -> Completions? {
    guard let first = words.first else { return .candidates(subcommands()) }
    let name = String(decoding: first, as: UTF8.self)
    if name == "help" { return words.count == 1 ? .candidates(subcommands()) : nil }
    guard let type = ShmTool.configuration.subcommand(name),
      let syntax = CommandSyntax(type.configuration.commandName ?? name)
    else { return nil }
    return complete(type, syntax)
  }

  /// The subcommands and their aliases.
  private func subcommands() -> [CompletionCandidate] {
    if current.value.first == UInt8(ascii: "-") {
      return [
        CompletionCandidate("-h", help: "Show help information"),
        CompletionCandidate("--help", help: "Show help information"),
        CompletionCandidate(VersionOption.short, help: "Show the version"),
        CompletionCandidate(VersionOption.long, help: "Show the version"),
      ]
    }
    let commands = ShmTool.configuration.allSubcommands.flatMap { command in
      let configuration = command.configuration
      return ([configuration.commandName].compactMap { $0 } + configuration.aliases).map {
        CompletionCandidate($0, help: configuration.abstract)
      }
    }
    return commands + [CompletionCandidate("help", help: "Show subcommand help information.")]
  }

  private func complete(
    _ type: any ParsableCommand.Type, _ syntax: CommandSyntax
  ) -> Completions? {
    var operands = 0
    var isTerminated = false
    var awaited: String?
    var used: Set<String> = []
    for (index, bytes) in words.enumerated().dropFirst() {
      let word = String(decoding: bytes, as: UTF8.self)
      if isTerminated {
        operands += 1
      } else if let option = awaited {
        awaited = nil
        // Its value may be left out.
        if option == WatchInterval.option, TimeSpan(argument: word) == nil { operands += 1 }
      } else if word == "--" {
        let before = words[..<index].map { String(decoding: $0, as: UTF8.self) }
        if (type as? any CommandRunner.Type)?.takesCommand(after: before) == true {
          return index + 1 == words.count ? command() : .files
        }
        isTerminated = true
      } else if word.utf8.first == UInt8(ascii: "-"), word != "-" {
        used.insert(word)
        if takesNextWord(word, syntax) { awaited = word }
      } else {
        operands += 1
      }
    }
    if let awaited, awaited != WatchInterval.option {
      return values(syntax.value(ofOption: awaited))
    }
    if !isTerminated, current.value.first == UInt8(ascii: "-") {
      return option(syntax, used)
    }
    return values(syntax.value(ofPositional: operands), after: awaited)
  }

  private func takesNextWord(_ word: String, _ syntax: CommandSyntax) -> Bool {
    word != HugePages.option && syntax.option(word)?.kind == .option
  }

  /// The options, or the value of one that stands before `=`.
  private func option(_ syntax: CommandSyntax, _ used: Set<String>) -> Completions? {
    if let equals = current.value.firstIndex(of: UInt8(ascii: "=")) {
      let name = String(decoding: current.value[..<equals], as: UTF8.self)
      guard syntax.option(name)?.kind == .option else { return nil }
      return values(syntax.value(ofOption: name), following: Array(current.value[...equals]))
    }
    let shown = syntax.arguments.filter { argument in
      argument.shouldDisplay && argument.kind != .positional
        && (argument.isRepeating || !(argument.names ?? []).contains { used.contains($0.text) })
    }
    return .candidates(
      shown.flatMap { argument in
        (argument.names ?? []).map {
          CompletionCandidate($0.text, help: argument.abstract ?? "")
        }
      })
  }

  private func values(
    _ value: CommandSyntax.Value?, following lead: [UInt8] = [], after option: String? = nil
  ) -> Completions? {
    switch value {
    case nil: return nil
    case .files: return .files
    case .words(let words): return .candidates(words.map { CompletionCandidate(lead + $0.utf8) })
    case .domain(let domain):
      let source = CompletionSource(
        typed: Array(current.value.dropFirst(lead.count)),
        isAfterWatch: option == WatchInterval.option)
      return .candidates(
        source.candidates(domain).map {
          CompletionCandidate(lead + $0.value, help: $0.help, isPartial: $0.isPartial)
        })
    }
  }

  /// The name of a program.
  private func command() -> Completions {
    current.value.contains(UInt8(ascii: "/"))
      ? .files
      : .candidates(
        CompletionSource(typed: current.value, isAfterWatch: false)
          .programs(ProcessEnvironment.path))
  }
}

extension CommandConfiguration {
  /// The subcommands of all groups.
  var allSubcommands: [any ParsableCommand.Type] {
    subcommands + groupedSubcommands.flatMap(\.subcommands)
  }

  /// The subcommand of a name or an alias.
  func subcommand(_ name: String?) -> (any ParsableCommand.Type)? {
    allSubcommands.first { command in
      let known = command.configuration.commandName ?? "\(command)".lowercased()
      return name == known || command.configuration.aliases.contains { $0 == name }
    }
  }
}
