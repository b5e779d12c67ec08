import ArgumentParser
import CShmTool
import Glibc
import ShmCore

/// The names of the option that prints the version.
enum VersionOption {
  static let short = "-V"
  static let long = "--version"

  /// What the option prints.
  static var text: String { "\(ShmTool.name) \(Version.text)" }
}

/// The life of the process: what is checked before a command, and how its end is reported.
enum Program {
  /// Parses, runs, and exits with the command's code.
  static func run() -> Never {
    unsafe cshmtool_exit_if_exhausted(
      ExitStatus.of(.noSpace), ShmError.Kind.noSpace.name, CInt(Output.schema))
    var parsed: (any ParsableCommand)?
    do {
      StandardStreams.prepare()
      CoreDumps.excludeRegions()
      if let answer = Completion.answer(ProcessArguments.all) {
        Completion.write(answer)
        exit(0)
      }
      let words = words()
      if let text = HelpPage.text(requestedBy: words) {
        try Output.write(text)
        exit(0)
      }
      if words == [VersionOption.long] {
        try Output.write(VersionOption.text + "\n")
        exit(0)
      }
      if words.isEmpty {
        Output.say(HelpPage.short)
        exit(ExitStatus.of(.usage))
      }
      if let script = try CompletionScript.requested(by: words) {
        try Output.write(script)
        exit(0)
      }
      var command = try parse(words)
      parsed = command
      try command.run()
      exit(0)
    } catch {
      exit(report(error, of: parsed))
    }
  }

  /// A command that runs another command gets the words after the first `--` unparsed.
  private static func parse(_ arguments: [String]) throws -> any ParsableCommand {
    try checkSubcommand(arguments)
    let words = Array(arguments.prefix { $0 != "--" })
    try checkDashes(words)
    let own = WatchInterval.completing(HugePages.completing(words))
    let type = ShmTool.configuration.subcommand(arguments.first) as? any CommandRunner.Type
    let isSplit = words.count < arguments.count && type?.takesCommand(after: own) == true
    var parsed = try parseAsRoot(isSplit ? own : own + arguments.dropFirst(words.count))
    if isSplit, var runner = parsed as? any CommandRunner {
      runner.command = arguments[(words.count + 1)...].map { ArgumentBytes.bytes($0) }
      if runner.command.isEmpty { throw ValidationError("a command is required after --") }
      parsed = runner
    }
    try (parsed as? any CheckedCommand)?.check()
    return parsed
  }

  /// Parses the words of a command as its own, without the command tree.
  private static func parseAsRoot(_ words: [String]) throws -> any ParsableCommand {
    guard let command = ShmTool.configuration.subcommand(words.first) else {
      return try ShmTool.parseAsRoot(words)
    }
    return try command.parseAsRoot(Array(words.dropFirst()))
  }

  /// The parser takes an unknown subcommand for an argument of the program.
  private static func checkSubcommand(_ arguments: [String]) throws {
    let words = arguments.first == "help" ? arguments.dropFirst() : arguments[...]
    guard let name = words.first, name.utf8.first != UInt8(ascii: "-"), name != "help",
      ShmTool.configuration.subcommand(name) == nil
    else { return }
    let names = ShmTool.configuration.allSubcommands.map { command in
      [command.configuration.commandName].compactMap { $0 } + command.configuration.aliases
    }
    let meant = CommandSuggestion.question(CommandSuggestion.commands(for: name, among: names))
    throw ValidationError("unknown subcommand '\(name)'\(meant.map { "; \($0)" } ?? "")")
  }

  /// The parser compares characters: it takes a dash that a mark combines with for the beginning of a name.
  private static func checkDashes(_ words: [String]) throws {
    for word in words where word.utf8.first == UInt8(ascii: "-") && !word.hasPrefix("-") {
      throw ValidationError(
        "unknown option '\(word)'; write a name after '--', or a value after '=', if it begins like this"
      )
    }
  }

  /// Prints the error and returns the exit status. If JSON was requested, the last line of stderr is the error as JSON.
  /// A process that a signal ends without a message prints no such line.
  private static func report(_ error: any Error, of parsed: (any ParsableCommand)?) -> CInt {
    let command = parsed as? any ReportingCommand
    let isJSON =
      parsed == nil
      ? JSONRequest.isIn(Array(words().prefix { $0 != "--" })) : command?.reportsJSON == true
    switch error {
    case let error as ShmError:
      Output.complain(error)
      let signal = error.kind == .interrupted ? SignalMask.pendingTermination : nil
      let status = signal.map { 128 + $0 } ?? ExitStatus.of(error.kind)
      if isJSON { Output.say(ErrorReport(error, in: command, status: status).line) }
      // What it stopped has been taken down by now.
      if let signal { TerminationSignals.reraise(signal) }
      return status
    case let failure as ReportedFailure:
      if isJSON { Output.say(failure.report.line) }
      return CInt(failure.report.exitStatus)
    case let interruption as Interruption:
      TerminationSignals.reraise(interruption.signal)
      return 128 + interruption.signal
    case let code as ExitCode:
      return code.rawValue
    default:
      return reportParsing(error, isJSON: isJSON)
    }
  }

  /// Help and the version go to stdout, checked like all data; a usage error is one line.
  private static func reportParsing(_ error: any Error, isJSON: Bool) -> CInt {
    let code = ShmTool.exitCode(for: error)
    guard code != .success else {
      do throws(ShmError) {
        let width = min(80, TextStyle.standardOutput(bytes: false).width)
        let text = ShmTool.fullMessage(for: error, columns: width)
        try Output.write(HelpPage.finished(text) + "\n")
        return 0
      } catch {
        Output.complain(error)
        if isJSON { Output.say(ErrorReport(error).line) }
        return ExitStatus.of(error.kind)
      }
    }
    let words = words()
    let name = words.first { ShmTool.configuration.subcommand($0) != nil }
    let message = UsageMessage(words: words, command: ShmTool.configuration.subcommand(name))
      .text(ShmTool.message(for: error))
    let help = (["shmtool"] + (name.map { [$0] } ?? []) + ["--help"]).joined(separator: " ")
    // A backslash is what the user typed, or should: it is shown as one.
    let shown = Escaping.printable(ArgumentBytes.bytes(message)).replacing("\\\\", with: "\\")
    Output.complain("\(shown) (see '\(help)')")
    if isJSON {
      Output.say(ErrorReport(.usage, shown, hint: "see '\(help)'", status: code.rawValue).line)
    }
    return code.rawValue
  }

  /// The words after the program's name, for the parser, which knows only the long name of `--version`.
  static func words() -> [String] {
    var words = ProcessArguments.all.dropFirst().map { ArgumentBytes.string($0) }
    let options = words.prefix { $0 != "--" }.indices.filter { words[$0] == VersionOption.short }
    guard !options.isEmpty else { return words }
    let syntax = ShmTool.configuration.subcommand(words.first)
      .flatMap { $0.configuration.commandName }.flatMap { CommandSyntax($0) }
    for index in options where index == 0 || syntax?.option(words[index - 1])?.kind != .option {
      words[index] = VersionOption.long
    }
    return words
  }
}
